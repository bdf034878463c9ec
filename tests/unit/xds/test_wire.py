import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk import names
from hauberk.envoy.messages import DeltaDiscoveryRequest, DeltaDiscoveryResponse, DiscoveryResource
from hauberk.envoy.resources import Resource
from hauberk.xds.delta import Request, Send
from hauberk.xds.wire import Incoming, MalformedRequest, ResponseMemo, decode_request, encode_response


def resource(name: str, body: bytes) -> Resource:
    message = DiscoveryResource(name=name, version="v")
    message.resource.type_url, message.resource.value = names.TYPE_CLUSTER, body
    return Resource(names.TYPE_CLUSTER, name, "v", body, message.SerializeToString())


@given(st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=300)), max_size=4), st.lists(st.text(max_size=5), max_size=3))
def test_a_response_is_what_protobuf_would_have_written(resources: list[tuple[str, bytes]], removed: list[str]) -> None:
    built = [resource(name, body) for name, body in resources]
    data = encode_response(Send(names.TYPE_CLUSTER, "7", tuple(built), tuple(removed)), version="3")
    assert DeltaDiscoveryResponse.FromString(data) == DeltaDiscoveryResponse(
        system_version_info="3",
        nonce="7",
        type_url=names.TYPE_CLUSTER,
        removed_resources=removed,
        resources=[DiscoveryResource.FromString(one.encoded) for one in built],
    )


def test_a_large_resource_is_framed_by_its_length() -> None:
    big = resource("big", b"x" * 1_000_000)
    (decoded,) = DeltaDiscoveryResponse.FromString(encode_response(Send(names.TYPE_CLUSTER, "1", (big,)), version="1")).resources
    assert decoded.resource.value == big.body


def test_a_request_is_read_with_its_node() -> None:
    message = DeltaDiscoveryRequest(
        type_url=names.TYPE_ENDPOINT,
        resource_names_subscribe=["a"],
        resource_names_unsubscribe=["b"],
        initial_resource_versions={"c": "1"},
        response_nonce="4",
    )
    message.node.id = "sidecar~1"
    request = Request(names.TYPE_ENDPOINT, ("a",), ("b",), {"c": "1"}, "4", None)
    assert decode_request(message.SerializeToString()) == Incoming("sidecar~1", request)


@pytest.mark.parametrize(("code", "message", "error"), [(13, "bad listener", "bad listener"), (13, "", "code 13")])
def test_a_nack_carries_envoys_words(code: int, message: str, error: str) -> None:
    sent = DeltaDiscoveryRequest(type_url=names.TYPE_LISTENER, response_nonce="4")
    sent.error_detail.code, sent.error_detail.message = code, message
    assert decode_request(sent.SerializeToString()).request.error == error


def test_other_bytes_are_refused() -> None:
    with pytest.raises(MalformedRequest, match="3 bytes that are no DeltaDiscoveryRequest"):
        decode_request(b"\xff\xff\xff")


def test_equal_responses_are_encoded_once() -> None:
    memo, resources = ResponseMemo(), (resource("a", b"x"),)
    one = memo.encode(Send(names.TYPE_CLUSTER, "1", resources), version="3")
    assert memo.encode(Send(names.TYPE_CLUSTER, "1", resources), version="3") is one
    assert one == encode_response(Send(names.TYPE_CLUSTER, "1", resources), version="3")
    assert memo.encode(Send(names.TYPE_CLUSTER, "2", resources), version="3") != one
    assert memo.encode(Send(names.TYPE_CLUSTER, "1", resources, ("gone",)), version="3") != one


def test_the_memo_of_responses_keeps_to_its_room() -> None:
    memo = ResponseMemo(room=500)
    for number in range(20):
        memo.encode(Send(names.TYPE_CLUSTER, str(number), (resource("a", b"x" * 100),)), version="1")
    assert memo._size <= 500
