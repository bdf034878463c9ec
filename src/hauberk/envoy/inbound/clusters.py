"""The clusters of the inbound side: the application behind each port.

Source: Istio core/cluster.go, cluster_builder.go (facts/istio-mtls.md 4).
"""

from hauberk.envoy import messages as m
from hauberk.envoy.addresses import application_bind
from hauberk.envoy.original_destination import original_destination_cluster

__all__ = ["INBOUND_PASSTHROUGH", "build_inbound_cluster", "build_inbound_passthrough", "inbound_cluster_name"]

INBOUND_PASSTHROUGH = "InboundPassthroughCluster"


def build_inbound_cluster(port: int) -> m.Cluster:
    """The application behind a port, reached at the address that the client had asked for."""
    cluster = original_destination_cluster(inbound_cluster_name(port))
    cluster.upstream_bind_config.CopyFrom(application_bind())
    return cluster


def inbound_cluster_name(port: int) -> str:
    """`inbound|9080||`."""
    return f"inbound|{port}||"


def build_inbound_passthrough() -> m.Cluster:
    """The application behind ports that no Service declares."""
    cluster = original_destination_cluster(INBOUND_PASSTHROUGH)
    cluster.upstream_bind_config.CopyFrom(application_bind())
    return cluster
