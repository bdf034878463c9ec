"""The bootstrap: what an Envoy knows before discovery answers. JSON, since YAML would read a bare `n` as false.

Discovery is reached by a unix socket with mutual TLS, by the workload's own certificate from the agent's files. The sidecar's
other listeners (metrics, readiness) are static, so they answer whatever discovery does.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from google.protobuf.json_format import MessageToJson

from hauberk import names
from hauberk.envoy import messages as m
from hauberk.envoy.addresses import ANY_ADDRESS, ads_source, mark_option, pipe_address, socket_address
from hauberk.envoy.tls import MESH_CURVES, mesh_certificate, upstream_socket
from hauberk.model.objects import Labels
from hauberk.model.proxy import Proxy

__all__ = ["XDS_CLUSTER", "BootstrapInputs", "build_bootstrap"]

XDS_CLUSTER = "xds-grpc"
_ADMIN_CLUSTER = "prometheus_stats"
_CONNECT_TIMEOUT = timedelta(seconds=1)
_RECONNECT_FIRST, _RECONNECT_LONGEST = timedelta(milliseconds=100), timedelta(seconds=1)
"""Envoy's own default waits up to 30 s; over a unix socket an attempt costs next to nothing."""
_WINDOW_BYTES = 1 << 20
"""HTTP/2 windows; equal ones on both sides matter for messages over 1 MB (facts/anchors.md section 1)."""
_CONNECTIONS_LIMIT = 50_000
"""Of all listeners together; without a limit Envoy runs out of files under a flood and can no longer log why."""


@dataclass(frozen=True, slots=True)
class BootstrapInputs:
    """Whose Envoy, and of which mesh. `workload_name` is what owns the pod (telemetry's name), the pod's own where nothing does."""

    proxy: Proxy
    mesh_namespace: str
    mesh_name: str
    trust_domain: str = names.DEFAULT_TRUST_DOMAIN
    workload_name: str = ""
    annotations: Labels = field(default_factory=dict)

    @property
    def discovery_host(self) -> str:
        """The DNS name that discovery's certificate must bear: `istiod-basic.istio-system.svc`."""
        return f"istiod-{self.mesh_name}.{self.mesh_namespace}.svc"


def build_bootstrap(inputs: BootstrapInputs) -> bytes:
    """The bootstrap of one Envoy, as JSON.

    To be started with `--concurrency 1 --disable-hot-restart`; paths are the sidecar's own (hauberk.names).
    """
    bootstrap = m.Bootstrap(
        node=_node(inputs),
        admin={"address": pipe_address(names.ADMIN_SOCKET_PATH)},
        cluster_manager={"upstream_bind_config": {"socket_options": [mark_option()]}},
        static_resources={"clusters": [_xds_cluster(inputs), _admin_cluster()], "listeners": [_metrics_listener(), _ready_listener()]},
        dynamic_resources=_dynamic_resources(),
        overload_manager=_overload_manager(),
        # A cluster's statistics are made when it is first used: with a thousand clusters that is most of the memory.
        deferred_stat_options={"enable_deferred_creation_stats": True},
    )
    text: str = MessageToJson(bootstrap, preserving_proto_field_name=True, indent=1)
    return text.encode()


def _node(inputs: BootstrapInputs) -> dict[str, object]:
    proxy = inputs.proxy
    service = proxy.labels.get(names.LABEL_CANONICAL_NAME) or proxy.labels.get("app") or inputs.workload_name or proxy.name
    metadata = {
        "NAME": proxy.name,
        "NAMESPACE": proxy.namespace,
        "SERVICE_ACCOUNT": proxy.service_account,
        "WORKLOAD_NAME": inputs.workload_name or proxy.name,
        "LABELS": dict(proxy.labels),
        "MESH_ID": inputs.trust_domain,
        "INSTANCE_IPS": proxy.address,
    }
    return {"id": proxy.node_id, "cluster": f"{service}.{proxy.namespace}", "metadata": m.struct(metadata)}


def _xds_cluster(inputs: BootstrapInputs) -> m.Cluster:
    cluster = _pipe_cluster(XDS_CLUSTER, f"{names.MESH_SOCKET_DIR}/{names.XDS_SOCKET}")
    common = m.CommonTlsContext(alpn_protocols=["h2"])
    common.tls_params.CopyFrom(
        m.TlsParameters(tls_minimum_protocol_version="TLSv1_3", tls_maximum_protocol_version="TLSv1_3", ecdh_curves=MESH_CURVES)
    )
    name = m.SubjectAltNameMatcher(san_type=m.SubjectAltNameMatcher.DNS, matcher={"exact": inputs.discovery_host})
    mesh_certificate(common, [name])
    cluster.transport_socket.CopyFrom(upstream_socket(m.UpstreamTlsContext(common_tls_context=common, sni=inputs.discovery_host)))
    options = m.HttpProtocolOptions()
    http2 = options.explicit_http_config.http2_protocol_options
    http2.initial_stream_window_size.value = http2.initial_connection_window_size.value = _WINDOW_BYTES
    http2.connection_keepalive.interval.CopyFrom(m.duration(timedelta(seconds=30)))
    http2.connection_keepalive.timeout.CopyFrom(m.duration(timedelta(seconds=10)))
    cluster.typed_extension_protocol_options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"].CopyFrom(m.pack(options))
    return cluster


def _admin_cluster() -> m.Cluster:
    return _pipe_cluster(_ADMIN_CLUSTER, names.ADMIN_SOCKET_PATH)


def _pipe_cluster(name: str, path: str) -> m.Cluster:
    endpoint = m.LbEndpoint(endpoint={"address": pipe_address(path)})
    assignment = m.ClusterLoadAssignment(cluster_name=name, endpoints=[{"lb_endpoints": [endpoint]}])
    cluster = m.Cluster(name=name, type=m.Cluster.STATIC, load_assignment=assignment)
    cluster.connect_timeout.CopyFrom(m.duration(_CONNECT_TIMEOUT))
    return cluster


def _metrics_listener() -> m.Listener:
    return _admin_listener(names.PROMETHEUS_PORT, "/stats/prometheus", "/stats/prometheus")


def _ready_listener() -> m.Listener:
    return _admin_listener(names.STATUS_PORT, "/healthz/ready", "/ready")


def _admin_listener(port: int, path: str, admin_path: str) -> m.Listener:
    """One path of the admin interface, and nothing else of it, for whoever can reach the pod."""
    action = m.RouteAction(cluster=_ADMIN_CLUSTER, prefix_rewrite=admin_path)
    route = m.Route(match=m.RouteMatch(path=path), route=action)
    manager = m.HttpConnectionManager(
        stat_prefix=f"admin_{port}",
        route_config=m.RouteConfiguration(virtual_hosts=[m.VirtualHost(name="admin", domains=["*"], routes=[route])]),
        http_filters=[m.HttpFilter(name="envoy.filters.http.router", typed_config=m.pack(m.Router()))],
    )
    chain = m.FilterChain(filters=[m.Filter(name="envoy.filters.network.http_connection_manager", typed_config=m.pack(manager))])
    return m.Listener(name=f"{ANY_ADDRESS}_{port}", address=socket_address(ANY_ADDRESS, port), filter_chains=[chain])


def _dynamic_resources() -> dict[str, object]:
    """One delta stream for everything; `ads_source` waits for the first answer as long as it takes."""
    backoff = {"base_interval": m.duration(_RECONNECT_FIRST), "max_interval": m.duration(_RECONNECT_LONGEST)}
    api = m.ApiConfigSource(
        api_type=m.ApiConfigSource.DELTA_GRPC,
        transport_api_version="V3",
        grpc_services=[{"envoy_grpc": {"cluster_name": XDS_CLUSTER, "retry_policy": {"retry_back_off": backoff}}}],
        set_node_on_first_message_only=True,
    )
    return {"ads_config": api, "cds_config": ads_source(), "lds_config": ads_source()}


def _overload_manager() -> dict[str, object]:
    limit = m.DownstreamConnectionsConfig(max_active_downstream_connections=_CONNECTIONS_LIMIT)
    monitor = {"name": "envoy.resource_monitors.global_downstream_max_connections", "typed_config": m.pack(limit)}
    return {"resource_monitors": [monitor]}
