"""Parts of routes as they are written."""

import pytest
from pydantic import BaseModel, ValidationError

from hauberk.k8s.istio.http_route_parts import Destination, HttpMatchRequest, HttpRetry, RouteDestination, StringMatch


def test_conditions_are_read_by_their_names_in_manifests() -> None:
    match = HttpMatchRequest.model_validate({"uri": {"prefix": "/a"}, "withoutHeaders": {"x": {"exact": "1"}}, "ignoreUriCase": True})
    assert match.uri == StringMatch(prefix="/a")
    assert match.without_headers == {"x": StringMatch(exact="1")}
    assert match.ignore_uri_case is True


def test_a_destination_has_a_host_and_may_have_the_rest() -> None:
    entry = RouteDestination.model_validate({"destination": {"host": "details", "subset": "v1", "port": {"number": 80}}, "weight": 5})
    assert (entry.destination.host, entry.destination.subset, entry.weight) == ("details", "v1", 5)
    assert entry.destination.port is not None
    assert entry.destination.port.number == 80


@pytest.mark.parametrize(
    ("part", "written"),
    [(Destination, {}), (StringMatch, {"exact": 1}), (HttpRetry, {"attempts": "2"}), (HttpRetry, {"attempts": 1, "perTryTimeout": "soon"})],
)
def test_a_value_of_another_type_is_refused(part: type[BaseModel], written: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        part.model_validate(written)
