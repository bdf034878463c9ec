"""The workload agent: for each pod with an Envoy a certificate before it starts, and a fresh one ever after."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Final

import structlog

from hauberk.agent.ca_client import CaCallFailed, MeshAddress, renew_certificate, request_certificate
from hauberk.agent.credentials import Credentials, accept_chain, credential_files
from hauberk.agent.files import write_credentials, write_private
from hauberk.agent.launch import CREDENTIALS_FOLDER, PROXY_FOLDER, SidecarLaunch, plan_launch
from hauberk.agent.renewal import Renewal, back_off, is_urgent, plan_renewal, plan_retry
from hauberk.errors import PeerError
from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of
from hauberk.model.identity import SpiffeId
from hauberk.names import BOOTSTRAP_PATH, ROOT_CONFIG_MAP
from hauberk.pki.csr import make_csr
from hauberk.pki.keys import make_key
from hauberk.pki.messages import CertificateRequest
from hauberk.pki.rotation import Held
from hauberk.pki.svid import X509Bundle, X509Svid

__all__ = ["AgentPorts", "PublishedTrust", "RootsMissing", "StaleIssuer", "WorkloadAgent"]

_log = structlog.get_logger(__name__)

_LIFETIME: Final = timedelta()
"""The CA's default, so that the control plane's workloadCertTTLDefault is what workloads get (Istio's agents always ask for 24 h)."""
_LONGEST_START_RETRY: Final = timedelta(seconds=2)
"""A pod waits for its first certificate: ask often."""
_LONGEST_WAIT: Final = timedelta(seconds=30)


class StaleIssuer(PeerError):
    """The CA has certified by another certificate than the mesh has announced; a moment later it will be the right one."""


@dataclass(frozen=True, slots=True)
class PublishedTrust:
    """What ConfigMap `istio-ca-root-cert` says."""

    roots: str
    """PEM."""
    crl: str = ""
    """Revocation lists as PEM, empty for none."""
    issuer: str = ""
    """Fingerprint of the CA certificate that signs now; empty where it is not said."""


class RootsMissing(PeerError):
    """The mesh has not published its roots in the pod's namespace yet."""


@dataclass(frozen=True, slots=True)
class AgentPorts:
    """What the agent needs of the world; a callable that raises is called again later."""

    mesh_of: Callable[[Manifest], Awaitable[MeshAddress]]
    """The mesh that a pod belongs to."""
    token: Callable[[Manifest], Awaitable[str]]
    """A ServiceAccount token bound to the pod, of audience `names.CA_AUDIENCE`."""
    trust: Callable[[str], Awaitable[PublishedTrust | None]]
    """ConfigMap `istio-ca-root-cert` of a namespace, None while there is none."""
    bootstrap: Callable[[Manifest], Awaitable[bytes]]
    """Envoy's bootstrap (JSON) for a pod."""
    envoy: Path
    report: Callable[[Manifest, Held], Awaitable[None]]
    """Tell the mesh what a pod has now."""
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
    written: datetime
    """When the credentials were."""
    reported: Held | None = None
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
            # What was published meanwhile is not missed, and what there is now is reported.
            workload.roots_changed.set()
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
                bundle, published = await self._trust(pod, mesh)
                credentials = await self._obtain(pod, mesh, bundle, published)
            except Exception as error:  # the API or the CA is away, in whatever way their clients say it
                failures += 1
                waiting(str(error) or repr(error))
                delay = back_off(failures, random=self._ports.random(), longest=_LONGEST_START_RETRY)
                await asyncio.sleep(delay.total_seconds())
            else:
                self._write(folder, credentials)
                return _Workload(pod, folder, mesh, credentials, self._plan(credentials), self._ports.clock())

    async def _trust(self, pod: Manifest, mesh: MeshAddress) -> tuple[X509Bundle, PublishedTrust]:
        published = await self._ports.trust(namespace_of(pod))
        if published is None:
            where = f"ConfigMap {namespace_of(pod)}/{ROOT_CONFIG_MAP}"
            raise RootsMissing(f"{where} is not there yet. Is the namespace a member of mesh {mesh.namespace}/{mesh.name}?")
        return X509Bundle.parse(mesh.trust_domain, published.roots.encode()), published

    async def _obtain(
        self, pod: Manifest, mesh: MeshAddress, bundle: X509Bundle, published: PublishedTrust, *, current: X509Svid | None = None
    ) -> Credentials:
        """New credentials with a new key, which exists in memory only until it is written to the pod's tmpfs."""
        spiffe_id = SpiffeId.for_workload(mesh.trust_domain, namespace_of(pod), _service_account_of(pod))
        key = make_key()
        request = CertificateRequest(make_csr(key, spiffe_id), _LIFETIME)
        chain = await self._ask(pod, mesh, request, bundle=bundle, current=current)
        accepted = accept_chain(chain, key, spiffe_id, bundle=bundle, now=self._ports.clock())
        return replace(accepted, crl=published.crl.encode())

    async def _ask(
        self, pod: Manifest, mesh: MeshAddress, request: CertificateRequest, *, bundle: X509Bundle, current: X509Svid | None
    ) -> tuple[str, ...]:
        """What the CA answers, by the certificate in use as the proof; by a token where there is none, or the CA does not take it."""
        refusal = ""
        if current is not None and self._ports.clock() < current.leaf.not_valid_after_utc:
            try:
                return await renew_certificate(mesh, request, svid=current, bundle=bundle)
            except CaCallFailed as error:  # revoked, of a root that the CA does not know, or the CA is away: the token shows which
                refusal = str(error)
        chain = await request_certificate(mesh, request, token=await self._ports.token(pod), bundle=bundle)
        if refusal:
            _log.info("the CA took the token, and not the certificate", namespace=namespace_of(pod), pod=name_of(pod), reason=refusal)
        return chain

    def _plan(self, credentials: Credentials) -> Renewal:
        leaf = credentials.svid.leaf
        # From now on, not from its beginning, which lies minutes back: half of a short life would be over already.
        return plan_renewal(self._ports.clock(), leaf.not_valid_after_utc, random=self._ports.random())

    def _write(self, folder: Path, credentials: Credentials) -> None:
        write_credentials(folder / CREDENTIALS_FOLDER, credential_files(credentials))

    def _tend(self, workload: _Workload) -> None:
        if self._group is not None:
            workload.task = self._group.create_task(self._keep_fresh(workload))

    async def _keep_fresh(self, workload: _Workload) -> None:
        while True:
            await self._due(workload)
            try:
                await self._renew(workload)
                await self._report(workload)
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
        """Take the roots that are published, and a new certificate where it is time or another CA signs by now."""
        bundle, published = await self._trust(workload.pod, workload.mesh)
        before, crl = workload.credentials, published.crl.encode()
        if (bundle, crl) != (before.bundle, before.crl):
            # First the roots, with the pair in use: they must not wait for a CA that may be away.
            self._replace(workload, Credentials(before.svid, bundle, crl))
            _log.info("roots written", **workload.about, roots=bundle.fingerprints(), crl=bool(crl))
            await self._report(workload)
        is_moved = before.issuer != published.issuer if published.issuer else bundle != before.bundle
        if not is_moved and self._ports.clock() < workload.renewal.at:
            return
        current = workload.credentials.svid
        self._replace(workload, await self._obtain(workload.pod, workload.mesh, bundle, published, current=current))
        workload.renewal = self._plan(workload.credentials)
        _log.info("certificate renewed", **workload.about, until=workload.renewal.not_valid_after.isoformat())
        if published.issuer and workload.credentials.issuer != published.issuer:
            raise StaleIssuer(f"The CA certifies by {workload.credentials.issuer} still, and {published.issuer} is announced.")

    def _replace(self, workload: _Workload, credentials: Credentials) -> None:
        self._write(workload.folder, credentials)
        workload.credentials, workload.written = credentials, self._ports.clock()

    async def _report(self, workload: _Workload) -> None:
        """Tell what the workload has, unless that is what was told last."""
        held = workload.credentials.held(workload.written)
        known = workload.reported
        if known is None or (known.issuer, known.roots, known.crl) != (held.issuer, held.roots, held.crl):
            await self._ports.report(workload.pod, held)
            workload.reported = held

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
