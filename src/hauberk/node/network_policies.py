"""NetworkPolicies followed (edge): what is enforced between pods keeps up with policies, pods and namespaces.

A pod's network is handed out only once the policies about it are in force, so that no packet of it is early. Connections that
exist when a policy comes go on (established), as with most of upstream's network plugins.
"""

import asyncio
from typing import Protocol

import structlog

from hauberk.client.http import ApiClient
from hauberk.client.informer import Change, Informer
from hauberk.errors import EnvironmentProblem, HauberkError
from hauberk.k8s import core
from hauberk.k8s.cluster_networking import NETWORK_POLICY
from hauberk.k8s.kind import uid_of
from hauberk.node.linux.network import PodNetwork
from hauberk.node.linux.policies import PolicyTable
from hauberk.node.traffic.policies import is_enforced, pod_facts, select_policies

__all__ = ["PolicyFollower", "PolicyNetwork"]

_log = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0
PATIENCE_SECONDS = 10.0
"""How long a pod waits for its policies before it is said to have no network; it is tried again then."""


class PolicyNetwork(Protocol):
    """`hauberk.node.linux.network.NodeNetwork`, as far as pods and policies need it."""

    async def create_pod(self, name: str, address: str, *, redirect: bool) -> PodNetwork:
        """Make a pod's network."""

    async def delete_pod(self, name: str) -> None:
        """Take a pod's network away."""

    async def set_policies(self, policies: PolicyTable) -> None:
        """Enforce these, and only these."""


class PolicyFollower:
    """Keeps the policies in force; makes and deletes the pods' networks, so that it knows each address from the start."""

    def __init__(self, client: ApiClient, network: PolicyNetwork) -> None:
        self._network = network
        self._policies = Informer(client, NETWORK_POLICY, on_change=self._on_change)
        self._pods = Informer(client, core.POD, on_change=self._on_change)
        self._namespaces = Informer(client, core.NAMESPACE, on_change=self._on_change)
        self._addresses: dict[str, str] = {}
        self._changed = asyncio.Event()
        self._asked = 0
        self._applied = 0
        self._known: frozenset[str] = frozenset()
        self._news = asyncio.Condition()

    async def create_pod(self, name: str, address: str, *, redirect: bool) -> PodNetwork:
        """As `NodeNetwork.create_pod`; `name` is the pod's uid. Returns once its policies are in force.

        Raises: EnvironmentProblem - they could not be applied for PATIENCE_SECONDS; nothing is left of the network.
        """
        pod = await self._network.create_pod(name, address, redirect=redirect)
        self._addresses[name] = address
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._in_force(name)
        except TimeoutError:
            await self.delete_pod(name)
            raise EnvironmentProblem("The NetworkPolicies about this pod are not in force yet. See the node's log.") from None
        return pod

    async def delete_pod(self, name: str) -> None:
        """As `NodeNetwork.delete_pod`."""
        if self._addresses.pop(name, None) is not None:
            self._ask()
        await self._network.delete_pod(name)

    async def run(self) -> None:
        """Follow until cancelled; changes that come while one is applied are applied together, at once after it."""
        informers = (self._policies, self._pods, self._namespaces)
        async with asyncio.TaskGroup() as group:
            for informer in informers:
                group.create_task(informer.run())
            for informer in informers:
                await informer.synced.wait()
            while True:
                await self._changed.wait()
                self._changed.clear()
                await self._apply()

    async def _apply(self) -> None:
        asked, pods = self._asked, list(self._pods.store.values())
        table = select_policies(
            list(self._policies.store.values()), pod_facts(pods, self._addresses), list(self._namespaces.store.values())
        )
        try:
            await self._network.set_policies(table)
        except (HauberkError, OSError) as error:
            _log.warning("NetworkPolicies not applied; trying again", reason=str(error))
            await asyncio.sleep(RETRY_SECONDS)
            self._changed.set()
            return
        async with self._news:
            self._applied, self._known = asked, frozenset(map(uid_of, pods))
            self._news.notify_all()

    async def _in_force(self, uid: str) -> None:
        await self._policies.synced.wait()
        if not any(map(is_enforced, self._policies.store.values())):
            return
        mine = self._ask()
        async with self._news:
            await self._news.wait_for(lambda: self._applied >= mine and uid in self._known)

    def _ask(self) -> int:
        self._asked += 1
        self._changed.set()
        return self._asked

    def _on_change(self, _change: Change) -> None:
        self._ask()
