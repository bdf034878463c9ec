"""The edge of the actions: each becomes a request to the API, and its answer a newer state in the `Cluster`."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from hauberk.client.http import ApiClient, ApiStatusError
from hauberk.controllers.actions import Action, Attempt, Bind, Create, Delete, Event, Patch, PatchStatus, Together, Update
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.objects import digest, render_time
from hauberk.k8s import core
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of, uid_of

__all__ = ["Performer"]

_log = structlog.get_logger(__name__)
_NOT_FOUND, _CONFLICT = 404, 409
_MOST_AT_ONCE = 16
"""Requests of one controller under way; each has a connection, and more would not make a commit larger."""


class Performer:
    """Performs actions for one controller; `component` is its name in events."""

    def __init__(self, client: ApiClient, cluster: Cluster, *, component: str, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._cluster = cluster
        self._component = component
        self._clock = clock
        self._slots = asyncio.Semaphore(_MOST_AT_ONCE)

    async def perform_all(self, actions: Sequence[Action]) -> None:
        """Perform `actions` in order. Raises: ApiStatusError, httpx2.HTTPError - the first that failed; the rest is not done."""
        for action in actions:
            await self._perform(action)

    async def _perform(self, action: Action) -> None:
        match action:
            case Create():
                await self._create(action)
            case Update(kind, obj):
                self._cluster.apply(kind, await self._client.update(kind, obj))
            case Patch(kind, namespace, name, patch):
                await self._patch(kind, Key(namespace, name), patch)
            case PatchStatus(kind, namespace, name, status):
                await self._patch(kind, Key(namespace, name), {"status": status}, subresource="status")
            case Delete():
                await self._delete(action)
            case Bind():
                await self._bind(action)
            case Event():
                await self._tell(action)
            case Attempt():
                await self._attempt(action)
            case Together(actions):
                await self._perform_together(actions)
            # Again is a matter of the queue.

    async def _perform_together(self, actions: Sequence[Action]) -> None:
        async def perform(action: Action) -> None:
            async with self._slots:
                await self._perform(action)

        # Not a TaskGroup: one refusal must not cut off the others' requests, which may have been done already.
        failures = await asyncio.gather(*map(perform, actions), return_exceptions=True)
        for failure in failures:
            if failure is not None:
                raise failure

    async def _attempt(self, attempt: Attempt) -> None:
        try:
            await self._perform(attempt.action)
        except ApiStatusError as error:
            status = attempt.refused
            await self._perform(replace(status, status=_with_error(status.status, str(error))))
            raise

    async def _create(self, action: Create) -> None:
        try:
            made = await self._client.create(action.kind, action.object)
        except ApiStatusError as error:
            # Not found is the namespace; all three mean that the next plan, if there is one, will see for itself.
            if error.code == _NOT_FOUND or error.reason == "AlreadyExists" or _is_terminating_namespace(error):
                return
            if action.failed is not None:
                await self._tell(_filled(action.failed, "{error}", str(error)))
            raise
        self._cluster.apply(action.kind, made)
        if action.succeeded is not None:
            await self._tell(_filled(action.succeeded, "{name}", name_of(made)))

    async def _patch(self, kind: Kind, key: Key, patch: Manifest, *, subresource: str | None = None) -> None:
        try:
            answer = await self._client.patch(kind, key.name, patch, namespace=key.namespace, subresource=subresource)
        except ApiStatusError as error:
            if error.code != _NOT_FOUND:
                raise
        else:
            self._cluster.apply(kind, answer)

    async def _delete(self, action: Delete) -> None:
        # Background: the API's garbage collector takes what is owned, and this request need not wait for it.
        options = {"preconditions": {"uid": action.uid}, "propagationPolicy": "Background"} if action.uid else None
        try:
            await self._client.delete(action.kind, action.name, action.namespace, options=options)
        except ApiStatusError as error:
            if error.code != _CONFLICT:  # another object by now
                raise
        self._cluster.deleted(action.kind, Key(action.namespace, action.name), action.uid)
        if action.succeeded is not None:
            await self._tell(action.succeeded)

    async def _bind(self, action: Bind) -> None:
        body = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": action.pod, "namespace": action.namespace},
            "target": {"apiVersion": "v1", "kind": "Node", "name": action.node},
        }
        try:
            await self._client.request("POST", core.POD.path(action.namespace, action.pod, "binding"), body=body)
        except ApiStatusError as error:
            if error.code not in (_NOT_FOUND, _CONFLICT):  # deleted, or bound by somebody else
                raise

    async def _tell(self, event: Event) -> None:
        """Events inform; one that cannot be written (its namespace goes away) stops nothing."""
        manifest = _event_manifest(event, component=self._component, now=self._clock())
        try:
            try:
                await self._client.create(core.EVENT, manifest)
            except ApiStatusError as error:
                if error.reason != "AlreadyExists":
                    raise
                await self._count_up(manifest)
        except ApiStatusError as error:
            _log.debug("event not written", reason=event.reason, error=str(error))

    async def _count_up(self, manifest: Manifest) -> None:
        name, namespace = name_of(manifest), namespace_of(manifest)
        known = await self._client.get(core.EVENT, name, namespace)
        patch = {"count": int(known.get("count") or 1) + 1, "lastTimestamp": manifest["lastTimestamp"]}
        await self._client.patch(core.EVENT, name, patch, namespace=namespace)


def _filled(event: Event, placeholder: str, value: str) -> Event:
    return Event(event.regarding, event.reason, event.message.replace(placeholder, value), event.type)


def _with_error(value: Any, error: str) -> Any:
    """The same JSON with the refusal for `{error}` in its texts."""
    if isinstance(value, dict):
        return {key: _with_error(inner, error) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_error(inner, error) for inner in value]
    return value.replace("{error}", error) if isinstance(value, str) else value


def _is_terminating_namespace(error: ApiStatusError) -> bool:
    causes = (error.status.get("details") or {}).get("causes") or ()
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes) or "because it is being terminated" in str(error)


def _event_manifest(event: Event, *, component: str, now: datetime) -> Manifest:
    regarding = event.regarding
    namespace = namespace_of(regarding) or "default"
    # The same event has the same name, so that a repetition meets the first one.
    same = digest([uid_of(regarding), event.type, event.reason, event.message, component], length=16)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{name_of(regarding)}.{same}", "namespace": namespace},
        "involvedObject": {
            "apiVersion": regarding.get("apiVersion", ""),
            "kind": regarding.get("kind", ""),
            "name": name_of(regarding),
            "namespace": namespace_of(regarding),
            "uid": uid_of(regarding),
            "resourceVersion": regarding["metadata"].get("resourceVersion", ""),
        },
        "type": event.type,
        "reason": event.reason,
        "message": event.message[:1024],  # upstream's limit
        "count": 1,
        "firstTimestamp": render_time(now),
        "lastTimestamp": render_time(now),
        "source": {"component": component},
        "reportingComponent": component,
        "reportingInstance": "",
    }
