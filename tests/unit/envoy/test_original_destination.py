"""Clusters without endpoints."""

from hauberk.envoy.original_destination import original_destination_cluster
from tests.unit.envoy.builders import as_dict


def test_the_cluster_provides_its_own_balancing() -> None:
    assert as_dict(original_destination_cluster("PassthroughCluster")) == {
        "name": "PassthroughCluster",
        "type": "ORIGINAL_DST",
        "connect_timeout": "10s",
        "lb_policy": "CLUSTER_PROVIDED",
    }
