"""Clusters to the application."""

from hauberk.envoy.inbound.clusters import build_inbound_cluster, build_inbound_passthrough, inbound_cluster_name
from tests.unit.envoy.builders import as_dict


def test_the_application_is_reached_from_127_0_0_6_with_the_mark() -> None:
    for cluster, name in ((build_inbound_cluster(9080), "inbound|9080||"), (build_inbound_passthrough(), "InboundPassthroughCluster")):
        rendered = as_dict(cluster)
        assert rendered["name"] == name
        assert rendered["type"] == "ORIGINAL_DST"
        assert rendered["upstream_bind_config"]["source_address"]["address"] == "127.0.0.6"
        assert rendered["upstream_bind_config"]["socket_options"][0]["int_value"] == "1337"


def test_the_name_is_istios() -> None:
    assert inbound_cluster_name(80) == "inbound|80||"
