"""Clusters from specs."""

from dataclasses import replace
from typing import Any

import pytest

from hauberk.envoy.outbound.cluster_specs import ClusterSpec
from hauberk.envoy.outbound.clusters import build_black_hole, build_cluster, build_passthrough
from hauberk.model.traffic import ClientTls, TlsMode
from tests.unit.envoy.builders import as_dict

SPEC = ClusterSpec(
    hostname="details.bookinfo.svc.cluster.local",
    namespace="bookinfo",
    service="details",
    port=9080,
    subset="",
    http=True,
    http2=False,
    original_destination=False,
    auto_mtls=True,
    tls=None,
    identities=("spiffe://cluster.local/ns/bookinfo/sa/d",),
    trust_domain="cluster.local",
    os_ca_bundle="/os.pem",
)
OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def build(**changes: Any) -> dict[str, Any]:
    return as_dict(build_cluster(replace(SPEC, **changes)))


def http_options(cluster: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in cluster["typed_extension_protocol_options"][OPTIONS].items() if key != "@type"}


def alpn(socket: dict[str, Any]) -> list[str]:
    protocols: list[str] = socket["typed_config"]["common_tls_context"].get("alpn_protocols", [])
    return protocols


def test_endpoints_come_by_discovery_and_nothing_is_limited() -> None:
    cluster = build()
    assert cluster["type"] == "EDS"
    assert cluster["eds_cluster_config"]["service_name"] == cluster["name"] == "outbound|9080||details.bookinfo.svc.cluster.local"
    assert cluster["lb_policy"] == "LEAST_REQUEST"
    assert set(cluster["circuit_breakers"]["thresholds"][0].values()) == {2**32 - 1}
    assert cluster["metadata"]["filter_metadata"]["istio"]["services"] == [
        {"host": "details.bookinfo.svc.cluster.local", "name": "details", "namespace": "bookinfo"}
    ]


def test_auto_mtls_is_chosen_by_the_endpoints_metadata() -> None:
    cluster = build()
    assert [(match["name"], match["match"]) for match in cluster["transport_socket_matches"]] == [
        ("tlsMode-istio", {"tlsMode": "istio"}),
        ("tlsMode-disabled", {}),
    ]
    assert "transport_socket" not in cluster
    mesh, raw = (match["transport_socket"] for match in cluster["transport_socket_matches"])
    assert alpn(mesh) == ["istio"]
    assert raw["name"] == "envoy.transport_sockets.raw_buffer"


@pytest.mark.parametrize("changes", [{"auto_mtls": False}, {"tls": ClientTls(TlsMode.DISABLE), "auto_mtls": False}])
def test_plaintext_has_no_transport_socket(changes: dict[str, Any]) -> None:
    assert not {"transport_socket", "transport_socket_matches"} & build(**changes).keys()


def test_explicit_mesh_mtls_holds_for_all_endpoints() -> None:
    cluster = build(tls=ClientTls(TlsMode.ISTIO_MUTUAL), auto_mtls=False)
    assert alpn(cluster["transport_socket"]) == ["istio"]
    assert "transport_socket_matches" not in cluster
    assert cluster["transport_socket"]["typed_config"]["sni"] == "outbound_.9080_._.details.bookinfo.svc.cluster.local"


def test_http2_is_spoken_and_offered_where_the_port_demands_it() -> None:
    cluster = build(http2=True, tls=ClientTls(TlsMode.ISTIO_MUTUAL))
    assert alpn(cluster["transport_socket"]) == ["istio", "h2"]
    assert http_options(cluster) == {"explicit_http_config": {"http2_protocol_options": {}}}
    assert http_options(build()) == {"explicit_http_config": {"http_protocol_options": {}}}
    assert alpn(build(http2=True, tls=ClientTls(TlsMode.SIMPLE))["transport_socket"]) == ["h2"]


@pytest.mark.parametrize(
    ("tls", "options"),
    [
        (ClientTls(TlsMode.SIMPLE), {"auto_sni": True, "auto_san_validation": True}),
        (ClientTls(TlsMode.MUTUAL, "/c", "/k"), {"auto_sni": True, "auto_san_validation": True}),
        (ClientTls(TlsMode.SIMPLE, insecure_skip_verify=True), {"auto_sni": True}),
        (ClientTls(TlsMode.SIMPLE, sni="x"), None),
        (ClientTls(TlsMode.SIMPLE, subject_alt_names=("x",)), None),
        (ClientTls(TlsMode.ISTIO_MUTUAL), None),
    ],
)
def test_without_names_of_its_own_a_rule_expects_the_host_that_was_asked_for(tls: ClientTls, options: dict[str, bool] | None) -> None:
    assert http_options(build(tls=tls)).get("upstream_http_protocol_options") == options


def test_tcp_has_no_http_options() -> None:
    assert "typed_extension_protocol_options" not in build(http=False)


def test_headless_tcp_has_one_socket_for_all() -> None:
    cluster = build(http=False, original_destination=True)
    assert (cluster["type"], "eds_cluster_config" in cluster) == ("ORIGINAL_DST", False)
    assert alpn(cluster["transport_socket"]) == ["istio"]
    assert "transport_socket" not in build(http=False, original_destination=True, auto_mtls=False)


def test_the_fixed_clusters() -> None:
    assert as_dict(build_passthrough())["type"] == "ORIGINAL_DST"
    assert as_dict(build_black_hole()) == {"name": "BlackHoleCluster", "type": "STATIC", "connect_timeout": "10s"}
