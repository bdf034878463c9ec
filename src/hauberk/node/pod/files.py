"""A pod's folder on the node's tmpfs: volumes written from ConfigMaps, Secrets and tokens, and kept fresh (edge).

<run>/<uid>/volumes/<volume>/...     what containers see
<run>/<uid>/proxy/                   the workload agent's: certificates, bootstrap, Envoy's admin socket
"""

import asyncio
import shutil
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import structlog

from hauberk.client.http import ApiStatusError
from hauberk.k8s import core
from hauberk.k8s.kind import Kind, Manifest, namespace_of, uid_of
from hauberk.node.linux.sandbox import Bind
from hauberk.node.pod.environment import named_sources
from hauberk.node.pod.programs import CannotStart
from hauberk.node.pod.surroundings import Surroundings
from hauberk.node.pod.volumes import Mount, TokenRequest, VolumeContent, plan_volumes, token_requests

__all__ = ["PodFiles", "write_volume"]

_log = structlog.get_logger(__name__)

REFRESH_SECONDS = 60
"""How often changed ConfigMaps and Secrets, and old tokens, are looked at (kubelet's sync frequency)."""
RENEW_AFTER = 0.8
"""The share of a token's life after which it is renewed, as kubelet's."""
_KINDS: dict[str, Kind] = {"ConfigMap": core.CONFIG_MAP, "Secret": core.SECRET}


class PodFiles:
    """The folder of one pod. What was fetched is kept, so that a container restarts also while the API is away."""

    def __init__(self, pod: Manifest, around: Surroundings) -> None:
        self.folder = around.run / uid_of(pod)
        self.proxy_folder = self.folder / "proxy"
        self.sources: dict[tuple[str, str], Manifest | None] = {}
        self._around = around
        self._tokens: dict[TokenRequest, tuple[str, datetime]] = {}
        self._contents: dict[str, VolumeContent] = {}
        self._lock = asyncio.Lock()

    async def prepare(self, pod: Manifest) -> None:
        """Fetch what the pod names and write its volumes; files that are as they should be are left alone.

        Raises: CannotStart - something that the pod needs is not there.
        """
        async with self._lock:
            self.proxy_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                await self._fetch(pod)
            except (httpx2.HTTPError, ApiStatusError) as error:
                raise CannotStart("FailedMount", f"the API gave no answer: {error or type(error).__name__}") from error
            tokens = {request: token for request, (token, _) in self._tokens.items()}
            for name, content in plan_volumes(pod, self.sources, tokens).items():
                if self._contents.get(name) != content:
                    write_volume(self.folder / "volumes" / name, content, before=self._contents.get(name))
                    self._contents[name] = content

    async def keep_fresh(self, pod: Callable[[], Manifest]) -> None:
        """Look at the volumes' sources again and again, until cancelled; what is missing by now leaves the files as they were."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            if all(content.writable for content in self._contents.values()):
                continue
            try:
                await self.prepare(pod())
            except CannotStart as error:
                _log.warning("volumes not refreshed", folder=str(self.folder), reason=error.message)

    def binds(self, mounts: Iterable[Mount]) -> tuple[Bind, ...]:
        """Where the container sees the pod's volumes; all but emptyDirs are read-only."""
        binds = []
        for mount in sorted(mounts, key=lambda mount: mount.target):  # an outer folder before what is mounted in it
            writable = self._contents[mount.volume].writable
            source = self.folder / "volumes" / mount.volume / mount.sub_path
            if writable:
                source.mkdir(parents=True, exist_ok=True)
            binds.append(Bind(str(source), mount.target, readonly=mount.read_only or not writable))
        return tuple(binds)

    def remove(self) -> None:
        """Take the whole folder away."""
        self._contents.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _fetch(self, pod: Manifest) -> None:
        now = self._around.now()
        for kind, name in named_sources(pod):
            try:
                self.sources[kind, name] = await self._around.client.get(_KINDS[kind], name, namespace_of(pod))
            except ApiStatusError as error:
                if error.code != 404:
                    raise
                self.sources[kind, name] = None
            except httpx2.HTTPError:
                if (kind, name) not in self.sources:
                    raise
        for request in token_requests(pod):
            known = self._tokens.get(request)
            if known is None or now >= known[1]:
                try:
                    token = await self._request_token(pod, request)
                except httpx2.HTTPError:
                    if known is None:
                        raise
                    continue
                self._tokens[request] = (token, now + timedelta(seconds=request.seconds * RENEW_AFTER))

    async def _request_token(self, pod: Manifest, request: TokenRequest) -> str:
        account = pod["spec"].get("serviceAccountName") or "default"
        bound = {"apiVersion": "v1", "kind": "Pod", "name": pod["metadata"]["name"], "uid": uid_of(pod)}
        spec: dict[str, Any] = {"expirationSeconds": request.seconds, "boundObjectRef": bound}
        spec |= {"audiences": [request.audience]} if request.audience else {}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        path = core.SERVICE_ACCOUNT.path(namespace_of(pod), account, "token")
        answer = await self._around.client.request("POST", path, body=body)
        return str(answer["status"]["token"])


def write_volume(folder: Path, content: VolumeContent, *, before: VolumeContent | None = None) -> None:
    """Write a volume's files, each as a whole; those that it had `before` and has no longer are removed.

    Raises: CannotStart - a path leads out of the volume.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path, data in content.files.items():
        target = folder / path
        if not target.resolve().is_relative_to(folder.resolve()):
            raise CannotStart("FailedMount", f'the path "{path}" leads out of volume {folder.name}')
        if before is not None and before.files.get(path) == data:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, data, content.modes.get(path, content.mode))
    for path in set(before.files if before else ()) - set(content.files):
        (folder / path).unlink(missing_ok=True)


def _replace(target: Path, data: bytes, mode: int) -> None:
    fresh = target.with_name(f".{target.name}.new")
    fresh.write_bytes(data)
    fresh.chmod(mode)
    fresh.replace(target)
