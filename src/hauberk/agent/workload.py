"""The workload agent: for each pod with an Envoy a certificate before it starts, and a fresh one ever after."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Final

import structlog

from hauberk.agent.ca_client import MeshAddress, request_certificate
from hauberk.agent.credentials import Credentials, accept_chain, credential_files
from hauberk.agent.files import write_credentials, write_private
from hauberk.agent.launch import CREDENTIALS_FOLDER, PROXY_FOLDER, SidecarLaunch, plan_launch
from hauberk.agent.renewal import Renewal, back_off, is_urgent, plan_renewal, plan_retry
from hauberk.errors import PeerError
from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of
from hauberk.model.identity import SpiffeId
from hauberk.names import BOOTSTRAP_PATH, CREDENTIALS_DIR, ROOT_CONFIG_MAP
from hauberk.pki.csr import make_csr
from hauberk.pki.keys import make_key
from hauberk.pki.messages import CertificateRequest
from hauberk.pki.svid import X509Bundle

__all__ = ["AgentPorts", "RootsMissing", "WorkloadAgent"]

_log = structlog.get_logger(__name__)

_LIFETIME: Final = timedelta(hours=24)
"""What is asked for (Istio's SECRET_TTL); the CA may give less."""
_LONGEST_START_RETRY: Final = timedelta(seconds=2)
"""A pod waits for its first certificate: ask often."""
_LONGEST_WAIT: Final = timedelta(seconds=30)


class RootsMissing(PeerError):
    """The mesh has not published its roots in the pod's namespace yet."""


@dataclass(frozen=True, slots=True)
class AgentPorts:
    """What the agent needs of the world; a callable that raises is called again later."""

    mesh_of: Callable[[Manifest], Awaitable[MeshAddress]]
    """The mesh that a pod belongs to."""
    token: Callable[[Manifest], Awaitable[str]]
    """A ServiceAccount token bound to the pod, of audience `names.CA_AUDIENCE`."""
    roots: Callable[[str], Awaitable[str | None]]
    """`root-cert.pem` of ConfigMap `istio-ca-root-cert` in a namespace, None while there is none."""
    bootstrap: Callable[[Manifest], Awaitable[bytes]]
    """Envoy's bootstrap (JSON) for a pod."""
    envoy: Path
    credentials_seen_in: str = CREDENTIALS_DIR
    """Where Envoy sees the credentials; another place where it is started without a mount namespace of its own."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    random: Callable[[], float] = random.random


@dataclass(slots=True, eq=False)
class _Workload:
    """A pod in the agent's care."""

    pod: Manifest
    folder: Path
    mesh: MeshAddress
    credentials: Credentials
    renewal: Renewal
    roots_changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    @property
    def about(self) -> dict[str, str]:
        return {"namespace": namespace_of(self.pod), "pod": name_of(self.pod)}


class WorkloadAgent:
    """Prepares pods, and renews their certificates while `run` runs."""

    def __init__(self, ports: AgentPorts) -> None:
        self._ports = ports
        self._workloads: dict[str, _Workload] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Renew until `stop` is set; pods that were prepared earlier are taken over."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for workload in self._workloads.values():
                self._tend(workload)
            await stop.wait()
            self._group = None
            for workload in self._workloads.values():
                if workload.task is not None:
                    workload.task.cancel()

    async def prepare(self, pod: Manifest, folder: Path, waiting: Callable[[str], None]) -> SidecarLaunch:
        """Write bootstrap and credentials below `folder`, and keep the credentials fresh from then on.

        Takes as long as the CA is away and tells `waiting` why. Credentials that an earlier start of the same pod left are
        kept, for the renewal goes on by itself.
        """
        workload = self._workloads.get(uid_of(pod))
        if workload is None or self._has_ended(workload):
            workload = await self._first_credentials(pod, folder, waiting)
            await self.release(uid_of(pod))
            self._workloads[uid_of(pod)] = workload
            self._tend(workload)
        proxy = folder / PROXY_FOLDER
        proxy.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(proxy / PurePosixPath(BOOTSTRAP_PATH).name, await self._ports.bootstrap(pod))
        return plan_launch(self._ports.envoy, folder, workload.mesh.sockets)

    async def release(self, pod_uid: str) -> None:
        """Renew no more for a pod; one that was never prepared is no error. Its folder goes with its tmpfs."""
        workload = self._workloads.pop(pod_uid, None)
        if workload is not None and workload.task is not None:
            workload.task.cancel()

    def roots_changed(self, namespace: str) -> None:
        """Tell that ConfigMap `istio-ca-root-cert` has changed in a namespace: its pods take the new roots at once."""
        for workload in self._workloads.values():
            if namespace_of(workload.pod) == namespace:
                workload.roots_changed.set()

    def _has_ended(self, workload: _Workload) -> bool:
        return self._ports.clock() >= workload.renewal.not_valid_after

    async def _first_credentials(self, pod: Manifest, folder: Path, waiting: Callable[[str], None]) -> _Workload:
        failures = 0
        while True:
            try:
                mesh = await self._ports.mesh_of(pod)
                credentials = await self._obtain(pod, mesh, await self._roots(pod, mesh))
            except Exception as error:  # the API or the CA is away, in whatever way their clients say it
                failures += 1
                waiting(str(error) or repr(error))
                delay = back_off(failures, random=self._ports.random(), longest=_LONGEST_START_RETRY)
                await asyncio.sleep(delay.total_seconds())
            else:
                self._write(folder, credentials)
                return _Workload(pod, folder, mesh, credentials, self._plan(credentials))

    async def _roots(self, pod: Manifest, mesh: MeshAddress) -> X509Bundle:
        pem = await self._ports.roots(namespace_of(pod))
        if not pem:
            where = f"ConfigMap {namespace_of(pod)}/{ROOT_CONFIG_MAP}"
            raise RootsMissing(f"{where} is not there yet. Is the namespace a member of mesh {mesh.namespace}/{mesh.name}?")
        return X509Bundle.parse(mesh.trust_domain, pem.encode())

    async def _obtain(self, pod: Manifest, mesh: MeshAddress, bundle: X509Bundle) -> Credentials:
        """New credentials with a new key, which exists in memory only until it is written to the pod's tmpfs."""
        spiffe_id = SpiffeId.for_workload(mesh.trust_domain, namespace_of(pod), _service_account_of(pod))
        key = make_key()
        request = CertificateRequest(make_csr(key, spiffe_id), _LIFETIME)
        chain = await request_certificate(mesh, request, token=await self._ports.token(pod), bundle=bundle)
        return accept_chain(chain, key, spiffe_id, bundle=bundle, now=self._ports.clock())

    def _plan(self, credentials: Credentials) -> Renewal:
        leaf = credentials.svid.leaf
        return plan_renewal(leaf.not_valid_before_utc, leaf.not_valid_after_utc, random=self._ports.random())

    def _write(self, folder: Path, credentials: Credentials) -> None:
        write_credentials(folder / CREDENTIALS_FOLDER, credential_files(credentials, seen_in=self._ports.credentials_seen_in))

    def _tend(self, workload: _Workload) -> None:
        if self._group is not None:
            workload.task = self._group.create_task(self._keep_fresh(workload))

    async def _keep_fresh(self, workload: _Workload) -> None:
        while True:
            await self._due(workload)
            try:
                await self._renew(workload)
            except Exception as error:  # one pod's trouble must not end the renewal of all others
                self._note_failure(workload, error)

    async def _due(self, workload: _Workload) -> None:
        """Wait until the plan says so, or the roots change.

        Looks at the clock again and again, since a machine that slept has lost hours that no timer has counted.
        """
        while not workload.roots_changed.is_set():
            left = workload.renewal.at - self._ports.clock()
            if left <= timedelta():
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(workload.roots_changed.wait(), min(left, _LONGEST_WAIT).total_seconds())
        workload.roots_changed.clear()

    async def _renew(self, workload: _Workload) -> None:
        bundle = await self._roots(workload.pod, workload.mesh)
        if bundle == workload.credentials.bundle and self._ports.clock() < workload.renewal.at:
            return  # woken by an event that changed nothing
        if bundle != workload.credentials.bundle:
            # First the roots, with the pair in use: they must not wait for a CA that may be away.
            workload.credentials = Credentials(workload.credentials.svid, bundle)
            self._write(workload.folder, workload.credentials)
            _log.info("roots written", **workload.about, roots=bundle.fingerprints())
        workload.credentials = await self._obtain(workload.pod, workload.mesh, bundle)
        self._write(workload.folder, workload.credentials)
        workload.renewal = self._plan(workload.credentials)
        _log.info("certificate renewed", **workload.about, until=workload.renewal.not_valid_after.isoformat())

    def _note_failure(self, workload: _Workload, error: Exception) -> None:
        now = self._ports.clock()
        workload.renewal = plan_retry(workload.renewal, now, random=self._ports.random())
        until, left = workload.renewal.not_valid_after.isoformat(), workload.renewal.not_valid_after - now
        about = workload.about | {"until": until, "left": str(left), "reason": str(error)}
        if is_urgent(workload.renewal, now):
            _log.error("certificate is about to end and cannot be renewed: traffic of this pod will fail", **about)
        else:
            _log.warning("certificate not renewed, the one in use stays", **about)


def _service_account_of(pod: Manifest) -> str:
    return str(pod["spec"].get("serviceAccountName") or "default")
