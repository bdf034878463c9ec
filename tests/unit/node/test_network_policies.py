"""Policies followed: what is enforced, and that no pod starts before its own are."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hauberk.errors import EnvironmentProblem, HauberkError
from hauberk.node import network_policies as module
from hauberk.node.linux.network import PodNetwork
from hauberk.node.linux.policies import PolicyTable
from hauberk.node.network_policies import PolicyFollower

POLICIES, PODS = "/apis/networking.k8s.io/v1/networkpolicies", "/api/v1/pods"
POLICY = {"metadata": {"name": "closed", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}
POD = {"metadata": {"name": "web", "namespace": "shop", "uid": "u1"}, "spec": {"containers": []}}
ADDRESS = "10.244.0.7"


class Network:
    """What was made and applied, and what is to fail first."""

    def __init__(self, *failures: Exception) -> None:
        self.applied: asyncio.Queue[PolicyTable] = asyncio.Queue()
        self.failures = list(failures)
        self.pods: set[str] = set()

    async def create_pod(self, name: str, address: str, *, redirect: bool) -> PodNetwork:
        self.pods.add(name)
        return PodNetwork(name, address, "here", "v1")

    async def delete_pod(self, name: str) -> None:
        self.pods.discard(name)

    async def set_policies(self, policies: PolicyTable) -> None:
        if self.failures:
            raise self.failures.pop()
        self.applied.put_nowait(policies)


@pytest.mark.parametrize("failures", [(), (HauberkError("netlink"),), (OSError("netlink"),)])
def test_a_pod_has_its_network_once_its_policies_are_in_force(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: Any
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0)

    async def story() -> None:
        network = Network(*failures)
        world.api.put(f"{POLICIES.replace('networkpolicies', 'namespaces/shop/networkpolicies')}/closed", POLICY)
        async with asyncio.timeout(20), world.api.served(tmp_path) as client, asyncio.TaskGroup() as group:
            follower = PolicyFollower(client, network)
            running = group.create_task(follower.run())
            assert await network.applied.get() == PolicyTable()
            made = group.create_task(follower.create_pod("u1", ADDRESS, redirect=False))
            await world.eventually(lambda: world.api.watched(PODS) and "u1" in network.pods)
            assert not made.done(), "the node has not heard of the pod that it is to guard"
            world.api.tell("ADDED", PODS, POD)
            assert (await made).address == ADDRESS
            while (table := await network.applied.get()) == PolicyTable():
                pass
            assert table == PolicyTable(ingress={ADDRESS: ()})
            await follower.delete_pod("u1")
            assert network.pods == set()
            running.cancel()

    asyncio.run(story())


def test_without_a_policy_nobody_waits(world: Any, tmp_path: Path) -> None:
    async def story() -> None:
        network = Network()
        async with asyncio.timeout(20), world.api.served(tmp_path) as client, asyncio.TaskGroup() as group:
            follower = PolicyFollower(client, network)
            running = group.create_task(follower.run())
            assert (await follower.create_pod("u1", ADDRESS, redirect=True)).name == "u1"
            await follower.delete_pod("u1")
            running.cancel()

    asyncio.run(story())


def test_a_pod_whose_policies_cannot_be_applied_gets_no_network(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)

    async def story() -> None:
        network = Network()
        async with asyncio.timeout(20), world.api.served(tmp_path) as client:
            follower = PolicyFollower(client, network)  # it does not run, as where the API is away
            with pytest.raises(EnvironmentProblem, match="not in force yet"):
                await follower.create_pod("u1", ADDRESS, redirect=True)
            assert network.pods == set()

    asyncio.run(story())
