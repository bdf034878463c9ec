"""The door to Envoy's protobufs."""

from datetime import timedelta

from hauberk.envoy import messages as m
from tests.unit.envoy.builders import as_dict


def test_the_same_content_has_the_same_bytes_whatever_the_order_of_its_maps() -> None:
    one, other = m.Cluster(name="c"), m.Cluster(name="c")
    one.metadata.filter_metadata["a"].update({"x": 1})
    one.metadata.filter_metadata["b"].update({"y": 2})
    other.metadata.filter_metadata["b"].update({"y": 2})
    other.metadata.filter_metadata["a"].update({"x": 1})
    assert m.serialise(one) == m.serialise(other)
    assert m.pack(one).value == m.serialise(one)
    assert m.pack(one).type_url == "type.googleapis.com/envoy.config.cluster.v3.Cluster"


def test_durations_and_structs() -> None:
    assert as_dict(m.Cluster(connect_timeout=m.duration(timedelta(seconds=1.5)))) == {"connect_timeout": "1.500s"}
    assert as_dict(m.struct({"a": {"b": [1, "x"]}})) == {"a": {"b": [1.0, "x"]}}


def test_everything_that_is_offered_is_there() -> None:
    assert all(hasattr(m, name) for name in m.__all__)
