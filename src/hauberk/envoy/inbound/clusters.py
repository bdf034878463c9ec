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
    return _application(inbound_cluster_name(port))


def _application(name: str) -> m.Cluster:
    """Where requests are read, they go on in the HTTP version that they came in; byte streams are not concerned."""
    cluster = original_destination_cluster(name)
    cluster.upstream_bind_config.CopyFrom(application_bind())
    options = m.HttpProtocolOptions()
    options.use_downstream_protocol_config.http_protocol_options.SetInParent()
    options.use_downstream_protocol_config.http2_protocol_options.SetInParent()
    cluster.typed_extension_protocol_options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"].CopyFrom(m.pack(options))
    return cluster


def inbound_cluster_name(port: int) -> str:
    """`inbound|9080||`."""
    return f"inbound|{port}||"


def build_inbound_passthrough() -> m.Cluster:
    """The application behind ports that no Service declares."""
    return _application(INBOUND_PASSTHROUGH)
