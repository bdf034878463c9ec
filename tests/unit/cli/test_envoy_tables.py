"""Resources and tables out of a config_dump."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hauberk.cli.envoy_tables import KINDS, resources_of, table_of
from tests.unit.xds.builders import issue, make_ca

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ADMIN = "type.googleapis.com/envoy.admin.v3"
ANY = {"@type": "type.googleapis.com/x"}
HOST = "reviews.books.svc.cluster.local"


def address(text: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": text, "port_value": port}}


def listener() -> dict[str, Any]:
    chains = [
        {
            "filter_chain_match": {"transport_protocol": "tls", "application_protocols": ["istio"], "destination_port": 9080},
            "filters": [{"typed_config": {"rds": {"route_config_name": "9080"}}}],
        },
        {"filter_chain_match": {"server_names": ["a", "b"]}, "filters": [{"typed_config": {"route_config": {}}}]},
        {
            "filter_chain_match": {"prefix_ranges": [{"address_prefix": "10.0.0.1", "prefix_len": 32}]},
            "filters": [{"typed_config": {"weighted_clusters": {"clusters": [{"name": "x"}, {"name": "y"}]}}}],
        },
        {"filters": [{"typed_config": {"other": 1}}]},
    ]
    default = {"filters": [{"typed_config": {"cluster": "PassthroughCluster"}}]}
    return {"name": "virtualInbound", "address": address("10.1.1.1", 15006), "filter_chains": chains, "default_filter_chain": default}


def route() -> dict[str, Any]:
    routes = [
        {
            "match": {"prefix": "/"},
            "route": {"weighted_clusters": {"clusters": [{"name": "v1", "weight": 90}, {"name": "v2", "weight": 10}]}},
        },
        {"match": {"path": "/a", "headers": [{"name": "end-user"}]}, "redirect": {}},
        {"match": {"safe_regex": {"regex": ".*"}}, "direct_response": {"status": 502}},
        {"match": {"path_separated_prefix": "/p"}, "route": {"cluster": "c"}},
    ]
    host = {"name": f"{HOST}:9080", "domains": [HOST, f"{HOST}:9080", "reviews", "10.96.0.1"], "routes": routes}
    return {"name": "9080", "virtual_hosts": [host]}


def dump() -> dict[str, Any]:
    ca = make_ca(NOW)
    chain = issue(ca, "spiffe://cluster.local/ns/books/sa/reviews", NOW).chain_to_pem()
    secret = {"certificate_chain": {"inline_bytes": base64.b64encode(chain).decode()}, "private_key": {"inline_bytes": "W3JlZGFjdGVkXQ=="}}
    roots = {"trusted_ca": {"inline_string": ca.bundle.to_pem().decode()}}
    clusters = [
        {"name": f"outbound|9080|v1|{HOST}", "type": "EDS", "metadata": {"filter_metadata": {"istio": {"config": RULE}}}},
        {"name": "BlackHoleCluster"},
        {"name": "dns", "cluster_type": {"name": "envoy.cluster.dns"}},
    ]
    ends = {
        "lb_endpoints": [{"endpoint": {"address": address("10.0.0.1", 9080)}}, {"endpoint": {"address": {"pipe": {"path": "/a.sock"}}}}]
    }
    return {
        "configs": [
            {"@type": f"{ADMIN}.ClustersConfigDump", "dynamic_active_clusters": [{"cluster": ANY | one} for one in clusters]},
            {
                "@type": f"{ADMIN}.ListenersConfigDump",
                "dynamic_listeners": [{"active_state": {"listener": ANY | listener()}}, {"error_state": {}}],
            },
            {"@type": f"{ADMIN}.RoutesConfigDump", "dynamic_route_configs": [{"route_config": ANY | route()}]},
            {
                "@type": f"{ADMIN}.EndpointsConfigDump",
                "dynamic_endpoint_configs": [{"endpoint_config": ANY | {"cluster_name": "c", "endpoints": [ends]}}],
            },
            {
                "@type": f"{ADMIN}.SecretsConfigDump",
                "dynamic_active_secrets": [
                    {"secret": ANY | {"name": "default", "tls_certificate": secret}},
                    {"secret": ANY | {"name": "ROOTCA", "validation_context": roots}},
                ],
            },
        ]
    }


RULE = "/apis/networking.istio.io/v1alpha3/namespaces/books/destination-rule/reviews"
DUMP = dump()


def rows(kind: str, now: datetime = NOW) -> list[tuple[str, ...]]:
    return list(table_of(DUMP, kind, now=now).rows)


def test_kinds_may_be_typed_as_in_istioctl() -> None:
    assert {KINDS[word] for word in ("cluster", "c", "clusters")} == {"clusters"}
    assert set(KINDS.values()) == {"listeners", "clusters", "routes", "endpoints", "secrets"}


def test_a_clusters_name_is_taken_apart() -> None:
    assert rows("clusters") == [
        ("BlackHoleCluster", "-", "-", "-", "STATIC", ""),
        ("dns", "-", "-", "-", "envoy.cluster.dns", ""),
        (HOST, "9080", "v1", "outbound", "EDS", "reviews.books"),
    ]


def test_a_listener_has_a_row_for_each_of_its_filter_chains() -> None:
    assert rows("listeners") == [
        ("10.1.1.1", "15006", "Trans: tls; App: istio; Addr: *:9080", "Route: 9080"),
        ("10.1.1.1", "15006", "SNI: a,b", "Inline Route"),
        ("10.1.1.1", "15006", "Addr: 10.0.0.1/32:*", "Cluster: x, y"),
        ("10.1.1.1", "15006", "ALL", "Non-HTTP/Non-TCP"),
        ("10.1.1.1", "15006", "ALL", "Cluster: PassthroughCluster"),
    ]


def test_a_route_says_which_requests_go_where() -> None:
    names = ("9080", f"{HOST}:9080", f"{HOST}, reviews + 1 more...")
    assert rows("routes") == [
        (*names, "/*", "v1 90, v2 10"),
        (*names, "/a end-user", "redirect"),
        (*names, "regex .*", "answer 502"),
        (*names, "/p*", "c"),
    ]


def test_endpoints_are_addresses_or_sockets() -> None:
    assert rows("endpoints") == [("10.0.0.1:9080", "HEALTHY", "c"), ("unix:///a.sock", "HEALTHY", "c")]


@pytest.mark.parametrize(("later", "valid"), [(timedelta(0), "true"), (timedelta(days=400), "false")])
def test_secrets_are_names_and_validity(later: timedelta, valid: str) -> None:
    root, leaf = rows("secrets", NOW + later)
    assert (root[0], root[1], root[2], root[3]) == ("ROOTCA", "CA", "ACTIVE", "true")
    assert (leaf[0], leaf[1], leaf[2], leaf[3]) == ("default", "Cert Chain", "ACTIVE", valid)
    assert leaf[5] > leaf[6] > "2025-12-31"


def test_no_key_is_shown_not_even_blackened() -> None:
    assert "private_key" not in str(resources_of(DUMP, "secrets"))
    assert [secret["name"] for secret in resources_of(DUMP, "secrets")] == ["ROOTCA", "default"]


def test_what_is_not_in_the_dump_is_empty() -> None:
    assert resources_of({}, "clusters") == []
