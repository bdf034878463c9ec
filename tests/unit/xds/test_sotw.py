"""The older protocol, word for word against the delta machine."""

import pytest

from hauberk import names
from hauberk.envoy.messages import DiscoveryRequest, DiscoveryResponse
from hauberk.xds.delta import Request, Send, Stream, step
from hauberk.xds.sotw import StateOfTheWorld
from hauberk.xds.wire import MalformedRequest
from tests.unit.xds.world import Res, World

CDS, EDS, LDS = names.TYPE_CLUSTER, names.TYPE_ENDPOINT, names.TYPE_LISTENER


def asked(talk: StateOfTheWorld, type_url: str, *wanted: str, nonce: str = "", error: str = "") -> Request:
    message = DiscoveryRequest(type_url=type_url, resource_names=wanted, response_nonce=nonce)
    message.node.id = "node"
    if error:
        message.error_detail.message = error
    incoming = talk.decode(message.SerializeToString())
    assert incoming.node_id == "node"
    return incoming.request


def bodies(talk: StateOfTheWorld, *written: Res, type_url: str = CDS, removed: tuple[str, ...] = ()) -> list[bytes]:
    message = DiscoveryResponse.FromString(talk.encode(Send(type_url, "7", written, removed), version="3"))
    assert (message.version_info, message.nonce, message.type_url) == ("3", "7", type_url)
    return [resource.value for resource in message.resources]


def res(name: str, body: str) -> Res:
    return Res(name, body, body=body.encode())


def test_no_names_mean_all_clusters_but_no_endpoints() -> None:
    talk = StateOfTheWorld()
    assert asked(talk, CDS) == Request(CDS)
    assert asked(talk, EDS) == Request(EDS, ("",))


def test_names_are_compared_with_those_before() -> None:
    talk = StateOfTheWorld()
    assert asked(talk, EDS, "a", "b") == Request(EDS, ("a", "b"))
    assert asked(talk, EDS, "b", "c", nonce="1") == Request(EDS, ("c",), ("a",), nonce="1")
    assert asked(talk, EDS, "b", "c", nonce="2", error="no") == Request(EDS, nonce="2", error="no")


def test_clusters_are_always_all_of_them() -> None:
    talk = StateOfTheWorld()
    assert bodies(talk, res("b", "b1"), res("a", "a1")) == [b"a1", b"b1"]
    assert bodies(talk, res("a", "a2")) == [b"a2", b"b1"]
    assert bodies(talk, removed=("a",)) == [b"b1"]


def test_endpoints_are_those_that_changed() -> None:
    talk = StateOfTheWorld()
    assert bodies(talk, res("a", "a1"), type_url=EDS) == [b"a1"]
    assert bodies(talk, res("b", "b1"), type_url=EDS) == [b"b1"]
    assert bodies(talk, type_url=EDS, removed=("b",)) == []


def test_a_client_walks_through_the_delta_machine() -> None:
    talk, world, stream = StateOfTheWorld(), World({CDS: {"a": "1"}, EDS: {"a": "1"}}), Stream()
    stream, (clusters,) = step(stream, asked(talk, CDS), world)
    assert clusters == Send(CDS, "1", (Res("a", "1"),))
    stream, _ = step(stream, asked(talk, CDS, nonce="1"), world)
    stream, (endpoints,) = step(stream, asked(talk, EDS, "a"), world)
    assert endpoints == Send(EDS, "2", (Res("a", "1"),))
    stream, _ = step(stream, asked(talk, EDS, "a", nonce="2"), world)
    assert stream.settled


def test_other_bytes_are_refused() -> None:
    with pytest.raises(MalformedRequest, match="3 bytes that are no DiscoveryRequest"):
        StateOfTheWorld().decode(b"\xff\xff\xff")
