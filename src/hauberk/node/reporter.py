"""Events about pods, written to the API (edge): repeated ones are counted, not written anew; none is worth failing for."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

import httpx2
import structlog

from hauberk.client.http import ApiClient, ApiStatusError
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of
from hauberk.names import NODE_NAME
from hauberk.node.pod.events import (
    Report,
)
from hauberk.node.pod.status import render_time

__all__ = ["EventReporter", "build_event"]

_log = structlog.get_logger(__name__)

QUEUE_LIMIT = 1000
REMEMBERED = 2000
"""How many different events can still be counted on."""
_Key = tuple[str, str, str, str]


def build_event(pod: Manifest, report: Report, *, name: str, now: datetime) -> Manifest:
    """The Event object, as kubelet's recorder writes it."""
    involved = {
        "kind": "Pod",
        "apiVersion": "v1",
        "namespace": namespace_of(pod),
        "name": name_of(pod),
        "uid": uid_of(pod),
        "resourceVersion": pod["metadata"].get("resourceVersion", ""),
    }
    if report.container:
        inits = {container["name"] for container in pod["spec"].get("initContainers") or []}
        field = "initContainers" if report.container in inits else "containers"
        involved["fieldPath"] = f"spec.{field}{{{report.container}}}"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace_of(pod)},
        "involvedObject": involved,
        "type": report.type,
        "reason": report.reason,
        "message": report.message,
        "source": {"component": "kubelet", "host": NODE_NAME},
        "reportingComponent": "kubelet",
        "reportingInstance": NODE_NAME,
        "firstTimestamp": render_time(now),
        "lastTimestamp": render_time(now),
        "count": 1,
    }


class EventReporter:
    """Takes reports at once and writes them one after another; what does not fit its queue is dropped."""

    def __init__(self, client: ApiClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._queue: asyncio.Queue[tuple[Manifest, Report]] = asyncio.Queue(QUEUE_LIMIT)
        self._written: OrderedDict[_Key, tuple[str, int]] = OrderedDict()

    def report(self, pod: Manifest, report: Report) -> None:
        """Write an Event about `pod`, soon."""
        if not self._queue.full():
            self._queue.put_nowait((pod, report))

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            pod, report = await self._queue.get()
            try:
                await self._write(pod, report)
            except ApiStatusError as error:  # the namespace is being deleted, for one
                _log.debug("event not written", reason=str(error))
            except httpx2.HTTPError as error:
                _log.debug("event not written", reason=f"{type(error).__name__}: {error}")

    async def _write(self, pod: Manifest, report: Report) -> None:
        key = (uid_of(pod), report.container, report.reason, report.message)
        name, count = self._written.pop(key, ("", 0))
        now = self._now()
        if name:
            patch = {"count": count + 1, "lastTimestamp": render_time(now)}
            await self._client.patch(core.EVENT, name, patch, namespace=namespace_of(pod))
        else:
            name = f"{name_of(pod)}.{secrets.token_hex(8)}"
            await self._client.create(core.EVENT, build_event(pod, report, name=name, now=now))
        self._written[key] = (name, count + 1)
        if len(self._written) > REMEMBERED:
            self._written.popitem(last=False)
