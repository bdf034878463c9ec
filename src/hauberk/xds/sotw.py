"""State-of-the-world xDS for clients that ask for it (gRPC's own, older Envoys), on top of the delta machine.

A request names all that the client wants, so what it wants more or less than before is the delta request. A response of clusters
or listeners holds all of them, so what the client has is kept here; of other types it holds what changed. What went is told by its
absence. Virtual hosts cannot come by themselves in this protocol: routes are sent whole (`hauberk.envoy.virtual_hosts`).

Source: xDS protocol, "State of the world". No I/O.
"""

from google.protobuf.message import DecodeError

from hauberk import names
from hauberk.envoy.messages import Any, DiscoveryRequest, DiscoveryResponse
from hauberk.xds.delta import Request, Send
from hauberk.xds.plan import Resource
from hauberk.xds.wire import Incoming, MalformedRequest, error_of

__all__ = ["StateOfTheWorld"]

_ALL_AT_ONCE = (names.TYPE_CLUSTER, names.TYPE_LISTENER)
"""Types of which a request without names means everything, and a response holds everything."""
_NOTHING = ("",)
"""No resource has this name; to the delta machine, a first request that names nothing would mean everything."""


class StateOfTheWorld:
    """One stream, between the client's words and the delta machine's."""

    def __init__(self) -> None:
        self._asked: dict[str, frozenset[str]] = {}
        self._held: dict[str, dict[str, Resource]] = {}

    def decode(self, data: bytes) -> Incoming:
        """The delta request that a DiscoveryRequest means. Raises: MalformedRequest."""
        try:
            message = DiscoveryRequest.FromString(data)
        except DecodeError as error:
            raise MalformedRequest(f"{len(data)} bytes that are no DiscoveryRequest: {error}") from error
        type_url, asked = message.type_url, frozenset(message.resource_names)
        before = self._asked.get(type_url)
        self._asked[type_url] = asked
        subscribe = tuple(message.resource_names)
        if before is None and not asked and type_url not in _ALL_AT_ONCE:
            subscribe = _NOTHING
        elif before is not None:
            subscribe = tuple(sorted(asked - before))
        request = Request(
            type_url,
            subscribe=subscribe,
            unsubscribe=tuple(sorted((before or frozenset()) - asked)),
            nonce=message.response_nonce,
            error=error_of(message),
        )
        return Incoming(message.node.id, request)

    def encode(self, send: Send, *, version: str) -> bytes:
        """The serialised DiscoveryResponse."""
        resources: list[Resource] = list(send.resources)
        if send.type_url in _ALL_AT_ONCE:
            held = self._held.setdefault(send.type_url, {})
            held.update((resource.name, resource) for resource in send.resources)
            for name in send.removed:
                held.pop(name, None)
            resources = [held[name] for name in sorted(held)]
        packed = [Any(type_url=send.type_url, value=resource.body) for resource in resources]
        response = DiscoveryResponse(version_info=version, type_url=send.type_url, nonce=send.nonce, resources=packed)
        data: bytes = response.SerializeToString()
        return data
