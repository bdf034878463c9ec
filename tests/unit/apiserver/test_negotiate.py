import pytest

from hauberk.apiserver.negotiate import Form, MediaType, Transform, choose, media_type, wants_discovery
from hauberk.apiserver.status import ApiError

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", MediaType()),
        ("application/json", MediaType()),
        ("text/html, */*", MediaType()),
        ("application/yaml", MediaType(Form.YAML)),
        (f"{TABLE},application/json", MediaType(transform=Transform.TABLE)),
        ("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", MediaType()),
        ("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", MediaType(transform=Transform.PARTIAL_LIST)),
        ("application/vnd.kubernetes.protobuf,application/json", MediaType()),
        ("application/json; charset=utf-8", MediaType()),
    ],
)
def test_the_first_form_that_is_served_is_chosen(accept: str, expected: MediaType) -> None:
    assert choose(accept) == expected


@pytest.mark.parametrize(
    ("accept", "start"),
    [
        ("text/html", "406: Not Acceptable\n\nAvailable representations: application/json"),
        ("application/vnd.kubernetes.protobuf", "only the following media types are accepted: application/json"),
        ("application/json;as=Nope;g=meta.k8s.io;v=v1", "only the following media types are accepted: application/json"),
    ],
)
def test_what_nobody_can_write_is_not_acceptable(accept: str, start: str) -> None:
    with pytest.raises(ApiError) as caught:
        choose(accept)
    assert caught.value.code == 406
    assert str(caught.value).startswith(start)


@pytest.mark.parametrize(
    ("accept", "version"),
    [
        ("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json", "v2"),
        ("application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList", "v2beta1"),
        ("application/json", None),
        ("application/json,application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", None),
        ("", None),
    ],
)
def test_aggregated_discovery_is_for_those_who_ask(accept: str, version: str | None) -> None:
    assert wants_discovery(accept) == version


def test_parameters_are_no_part_of_a_media_type() -> None:
    assert media_type("Application/JSON; charset=utf-8") == "application/json"
