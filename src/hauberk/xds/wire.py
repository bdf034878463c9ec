"""Requests and responses of aggregated discovery, from and to their wire form.

Responses are put together from bytes: concatenated protobuf messages are their merge, so a response is its head followed by
each resource's ready encoding, and nothing is serialised twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from google.protobuf.message import DecodeError, Message

from hauberk.envoy.messages import DeltaDiscoveryRequest, DeltaDiscoveryResponse
from hauberk.errors import PeerError
from hauberk.xds.delta import Request, Send

__all__ = [
    "DELTA_METHOD",
    "SERVICE",
    "SOTW_METHOD",
    "Incoming",
    "MalformedRequest",
    "ResponseMemo",
    "decode_request",
    "encode_response",
    "error_of",
]

SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
DELTA_METHOD = "DeltaAggregatedResources"
SOTW_METHOD = "StreamAggregatedResources"

_RESOURCES_TAG = b"\x12"
"""Field 2 of DeltaDiscoveryResponse, `repeated Resource resources`, length-delimited."""


class MalformedRequest(PeerError):
    """Bytes that are no DeltaDiscoveryRequest."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request with the node that sent it; Envoy names itself in a stream's first request only, later it is empty."""

    node_id: str
    request: Request


def decode_request(data: bytes) -> Incoming:
    """The request in `data`. Raises: MalformedRequest."""
    try:
        message = DeltaDiscoveryRequest.FromString(data)
    except DecodeError as error:
        raise MalformedRequest(f"{len(data)} bytes that are no DeltaDiscoveryRequest: {error}") from error
    request = Request(
        type_url=message.type_url,
        subscribe=tuple(message.resource_names_subscribe),
        unsubscribe=tuple(message.resource_names_unsubscribe),
        initial_versions=dict(message.initial_resource_versions),
        nonce=message.response_nonce,
        error=error_of(message),
    )
    return Incoming(message.node.id, request)


def error_of(message: Message) -> str | None:
    """Why a request refuses a response, in the proxy's words; None where it does not."""
    if not message.HasField("error_detail"):
        return None
    detail = message.error_detail  # type: ignore[attr-defined] # both kinds of request have it
    return detail.message or f"code {detail.code}"


class ResponseMemo:
    """Encoded responses that were sent lately: proxies at the same point get the same bytes, nonce and all. One thread."""

    def __init__(self, *, room: int = 64 << 20) -> None:
        """Keep up to `room` bytes."""
        self._known: dict[tuple[str, str, str, int, tuple[str, ...]], tuple[bytes, Send]] = {}
        self._room = room
        self._size = 0

    def encode(self, send: Send, *, version: str) -> bytes:
        """`encode_response`, once for equal responses."""
        key = (send.type_url, send.nonce, version, id(send.resources), send.removed)
        known = self._known.get(key)
        if known is None:
            data = encode_response(send, version=version)
            self._size += len(data)
            while self._size > self._room and self._known:
                oldest, _ = self._known.pop(next(iter(self._known)))
                self._size -= len(oldest)
            # The response is kept beside its bytes, so that the id of its resources stays theirs.
            known = self._known[key] = (data, send)
        return known[0]


def encode_response(send: Send, *, version: str) -> bytes:
    """The serialised DeltaDiscoveryResponse; `version` is told to people only (config_dump), Envoy compares resources' own."""
    head = DeltaDiscoveryResponse(
        system_version_info=version, type_url=send.type_url, nonce=send.nonce, removed_resources=send.removed
    ).SerializeToString()
    return b"".join((head, *_framed(resource.encoded for resource in send.resources)))


def _framed(encodings: Iterable[bytes]) -> Iterable[bytes]:
    for encoded in encodings:
        yield _RESOURCES_TAG
        yield _varint(len(encoded))
        yield encoded


def _varint(number: int) -> bytes:
    """Base 128, least significant group first (protobuf encoding)."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)
