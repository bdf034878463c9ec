from hauberk.k8s.discovery import ENDPOINT_SLICE, KINDS
from tests.unit.k8s.builders import errors


def test_a_slice_as_kubectl_applies_it_is_sound() -> None:
    text = "{addressType: IPv4, endpoints: [{addresses: [10.1.1.1], conditions: {ready: true}}], ports: [{name: http, port: 80}]}"
    assert errors(ENDPOINT_SLICE, text) == []
    assert errors(ENDPOINT_SLICE, "{addressType: IPv4}") == []


def test_its_headers_are_kubectls() -> None:
    assert [kind.kind for kind in KINDS] == ["EndpointSlice"]
    assert [column.name for column in ENDPOINT_SLICE.columns] == ["Name", "AddressType", "Ports", "Endpoints", "Age"]
