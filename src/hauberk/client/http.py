"""The HTTP edge of the client: requests to a Kubernetes API, over TCP or a unix socket."""

import json
import ssl
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx2
import orjson

from hauberk.errors import HauberkError
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of

__all__ = ["JSON_PATCH", "MERGE_PATCH", "STRATEGIC_PATCH", "TABLE", "ApiClient", "ApiStatusError", "Listing", "WatchEvent", "status_of"]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
"""The `Accept` of kubectl get: rows as the server prints them, else the objects."""


class ApiStatusError(HauberkError):
    """The API answered with a Kubernetes Status; `code` is its HTTP status, `reason` its machine-readable word."""

    def __init__(self, status: Manifest) -> None:
        super().__init__(status.get("message", "unknown error"))
        self.status = status
        self.code = int(status.get("code", 500))
        self.reason = str(status.get("reason", ""))


@dataclass(frozen=True, slots=True)
class Listing:
    """A list at one moment: the objects and the revision from which a watch goes on."""

    items: list[Manifest]
    resource_version: str


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """`type` is ADDED, MODIFIED, DELETED, BOOKMARK or ERROR; `object` a manifest, or a Status with ERROR."""

    type: str
    object: Manifest = field(default_factory=dict)


class ApiClient:
    """Requests to one API server as one user.

    Raises `ApiStatusError` for every answer that is a Status of failure, and httpx2's transport errors where there was no
    answer.
    """

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    @classmethod
    def over_unix_socket(cls, socket: Path, *, ca: Path, certificate: Path, key: Path) -> Self:
        """A client of the API at `socket`, as the user in `certificate` (PEM files)."""
        context = ssl.create_default_context(cafile=str(ca))
        context.load_cert_chain(certificate, key)
        transport = httpx2.AsyncHTTPTransport(uds=str(socket), verify=context, limits=httpx2.Limits(max_connections=None))
        return cls(httpx2.AsyncClient(transport=transport, base_url="https://localhost", timeout=httpx2.Timeout(30, pool=None)))

    async def close(self) -> None:
        """Close all connections."""
        await self.http.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Any:
        """One request; the answer's JSON value."""
        content = None if body is None else orjson.dumps(body)
        headers = {"accept": accept} | ({"content-type": content_type} if content else {})
        response = await self.http.request(method, path, content=content, params=params, headers=headers)
        if response.status_code >= 400:
            raise ApiStatusError(status_of(response.status_code, response.content))
        return orjson.loads(response.content)

    async def get(self, kind: Kind, name: str, namespace: str | None = None) -> Manifest:
        """One object; a 404 raises `ApiStatusError` with reason NotFound."""
        return await self._manifest("GET", kind.path(namespace, name))

    async def list(self, kind: Kind, namespace: str | None = None, *, params: Mapping[str, str] | None = None) -> Listing:
        """All objects of a kind, in one namespace or all; `params` as in a query (labelSelector, fieldSelector)."""
        answer = await self._manifest("GET", kind.path(namespace), params=params)
        items = answer.get("items") or []
        for item in items:  # lists leave these out, events have them
            item.setdefault("apiVersion", kind.api_version)
            item.setdefault("kind", kind.kind)
        return Listing(items=items, resource_version=answer["metadata"]["resourceVersion"])

    async def create(self, kind: Kind, obj: Manifest) -> Manifest:
        """Create `obj` in its own namespace."""
        return await self._manifest("POST", kind.path(namespace_of(obj)), body=obj)

    async def update(self, kind: Kind, obj: Manifest, *, subresource: str | None = None) -> Manifest:
        """Replace an object; 409 where its resourceVersion is not the current one."""
        return await self._manifest("PUT", kind.path(namespace_of(obj), name_of(obj), subresource), body=obj)

    async def patch(
        self, kind: Kind, name: str, patch: Any, *, namespace: str | None = None, subresource: str | None = None, how: str = MERGE_PATCH
    ) -> Manifest:
        """Patch an object; `how` is the patch's media type."""
        return await self._manifest("PATCH", kind.path(namespace, name, subresource), body=patch, content_type=how)

    async def delete(self, kind: Kind, name: str, namespace: str | None = None, *, options: Manifest | None = None) -> None:
        """Delete an object; one that is already gone is no error."""
        try:
            await self.request("DELETE", kind.path(namespace, name), body=options)
        except ApiStatusError as error:
            if error.code != 404:
                raise

    async def stream(self, path: str, *, params: Mapping[str, str] | None = None) -> AsyncGenerator[bytes]:
        """The bytes of an answer as they come, such as a pod's log that is followed."""
        async with self.http.stream("GET", path, params=params, timeout=httpx2.Timeout(30, read=None)) as response:
            if response.status_code >= 400:
                raise ApiStatusError(status_of(response.status_code, await response.aread()))
            async for chunk in response.aiter_bytes():
                yield chunk

    async def watch(
        self,
        kind: Kind,
        namespace: str | None = None,
        *,
        resource_version: str,
        params: Mapping[str, str] | None = None,
        accept: str = "application/json",
    ) -> AsyncGenerator[WatchEvent]:
        """Events after `resource_version` until the server ends the stream; an expired revision is an ERROR event (410).

        With a Table as `accept` (`TABLE`), each event's object is a Table of one row.
        """
        query = {"watch": "true", "resourceVersion": resource_version, "allowWatchBookmarks": "true"} | dict(params or {})
        timeout = httpx2.Timeout(30, read=None)
        async with self.http.stream("GET", kind.path(namespace), params=query, headers={"accept": accept}, timeout=timeout) as response:
            if response.status_code >= 400:
                yield WatchEvent("ERROR", status_of(response.status_code, await response.aread()))
                return
            async for line in response.aiter_lines():
                if line:
                    event = orjson.loads(line)
                    yield WatchEvent(event["type"], event["object"])

    async def _manifest(self, method: str, path: str, **options: Any) -> Manifest:
        answer = await self.request(method, path, **options)
        if not isinstance(answer, dict):
            raise ApiStatusError({"message": f"{method} {path} answered no object", "code": 500})
        return answer


def status_of(code: int, content: bytes) -> Manifest:
    """The Status in an answer's body, or one made of what else is in it."""
    try:
        status = json.loads(content)
    except ValueError:
        status = None
    if isinstance(status, dict) and status.get("kind") == "Status":
        return status
    return {"kind": "Status", "code": code, "message": content[:200].decode(errors="replace"), "reason": ""}
