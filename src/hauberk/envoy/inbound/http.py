"""Inbound chains that read requests: the HTTP connection manager before an application.

Source: Istio core/listener_inbound.go, core/httproute.go (facts/istio-mtls.md 1.4, 4).
"""

from collections.abc import Sequence
from datetime import timedelta

from hauberk.envoy import messages as m
from hauberk.envoy import telemetry

__all__ = ["inbound_http"]


def inbound_http(cluster: str, port: str, policy: telemetry.SecurityPolicy, filters: Sequence[m.HttpFilter]) -> m.Filter:
    """Requests to the application behind `cluster`, past `filters`; each tells the application who asks by X-Forwarded-Client-Cert.

    Never ended for idleness or length: what a request may take is the client's to say.
    """
    action = m.RouteAction(cluster=cluster)
    action.timeout.CopyFrom(m.duration(timedelta(0)))
    route = m.Route(name="default", match=m.RouteMatch(prefix="/"), route=action)
    host = m.VirtualHost(name=f"inbound|http|{port}", domains=["*"], routes=[route])
    manager = m.HttpConnectionManager(
        stat_prefix=f"inbound_0.0.0.0_{port}",
        route_config=m.RouteConfiguration(name=cluster, virtual_hosts=[host], validate_clusters=m.BoolValue(value=False)),
        http_filters=[*filters, m.HttpFilter(name="envoy.filters.http.router", typed_config=m.pack(m.Router()))],
        access_log=telemetry.inbound_http_logs(port, policy),
        normalize_path=m.BoolValue(value=True),  # else /public/../private is not /private to the rules
        forward_client_cert_details=m.HttpConnectionManager.APPEND_FORWARD,
        set_current_client_cert_details={"subject": m.BoolValue(value=True), "dns": True, "uri": True},
        upgrade_configs=[{"upgrade_type": "websocket"}],
        server_header_transformation=m.HttpConnectionManager.PASS_THROUGH,
        use_remote_address=m.BoolValue(value=False),
    )
    manager.http_protocol_options.accept_http_10 = True
    manager.stream_idle_timeout.CopyFrom(m.duration(timedelta(0)))
    return m.Filter(name="envoy.filters.network.http_connection_manager", typed_config=m.pack(manager))
