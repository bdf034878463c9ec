"""DestinationRules, VirtualServices and Gateways."""

from datetime import timedelta
from typing import Any

import pytest

from hauberk.errors import ConfigError
from hauberk.k8s.parse_traffic import parse_destination_rule, parse_gateway, parse_virtual_service
from hauberk.model.connections import ConnectionSettings
from hauberk.model.traffic import (
    ClientTls,
    DestinationRule,
    Gateway,
    GatewayServer,
    HttpDestination,
    HttpMatch,
    HttpRoute,
    MatchKind,
    StringMatch,
    Subset,
    TlsMode,
    TrafficPolicy,
    VirtualService,
)

REVIEWS = "reviews.bookinfo.svc.cluster.local"


def manifest(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "x", "namespace": "bookinfo"}, "spec": spec}


def tls_of(tls: Any) -> ClientTls | None:
    policy = parse_destination_rule(manifest(host="reviews", trafficPolicy={"tls": tls})).policy
    assert policy is not None
    return policy.tls


def test_a_destination_rule_with_everything() -> None:
    rule = parse_destination_rule(
        manifest(
            host="reviews",
            exportTo=["."],
            trafficPolicy={
                "tls": {
                    "mode": "MUTUAL",
                    "clientCertificate": "/c",
                    "privateKey": "/k",
                    "caCertificates": "/a",
                    "subjectAltNames": ["s"],
                    "sni": "n",
                    "insecureSkipVerify": True,
                },
                "portLevelSettings": [{"port": {"number": 80}, "tls": {"mode": "SIMPLE"}}, {"port": {"number": 81}}],
            },
            subsets=[
                {"name": "v1", "labels": {"version": "v1", "app": "a"}},
                {"name": "v2", "trafficPolicy": {"tls": {"mode": "DISABLE"}}},
            ],
        )
    )
    assert rule == DestinationRule(
        "bookinfo",
        "x",
        REVIEWS,
        TrafficPolicy(
            ClientTls(TlsMode.MUTUAL, "/c", "/k", "/a", ("s",), "n", insecure_skip_verify=True),
            ((80, ClientTls(TlsMode.SIMPLE)), (81, None)),
            port_settings=((80, ConnectionSettings()), (81, ConnectionSettings())),
        ),
        (Subset("v1", (("app", "a"), ("version", "v1"))), Subset("v2", policy=TrafficPolicy(ClientTls(TlsMode.DISABLE)))),
        (".",),
    )


@pytest.mark.parametrize("mode", TlsMode)
def test_each_mode(mode: TlsMode) -> None:
    assert tls_of({"mode": mode.value}) == ClientTls(mode)


def test_empty_tls_means_disable_and_absent_tls_inherits() -> None:
    assert tls_of({}) == ClientTls(TlsMode.DISABLE)
    assert tls_of(None) is None


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ConfigError, match="Write DISABLE, SIMPLE, MUTUAL or ISTIO_MUTUAL"):
        tls_of({"mode": "STRICT"})


def test_a_rule_without_policy_has_none() -> None:
    assert parse_destination_rule(manifest(host="reviews")).policy is None


def test_a_virtual_service_with_matches_weights_subsets_and_a_timeout() -> None:
    virtual_service = parse_virtual_service(
        manifest(
            hosts=["reviews", "*.example.com"],
            gateways=["mesh", "gw", "istio-system/other"],
            exportTo=["."],
            http=[
                {
                    "name": "split",
                    "match": [{"uri": {"exact": "/a"}}, {"uri": {"prefix": "/b"}}, {"uri": {"regex": "/c.*"}}],
                    "route": [
                        {"destination": {"host": "reviews", "subset": "v1"}, "weight": 80},
                        {"destination": {"host": "reviews.other.svc.cluster.local", "port": {"number": 80}}, "weight": 20},
                    ],
                    "timeout": "1.5s",
                },
                {"route": [{"destination": {"host": "reviews"}}]},
            ],
        )
    )
    assert virtual_service == VirtualService(
        "bookinfo",
        "x",
        (REVIEWS, "*.example.com"),
        ("mesh", "bookinfo/gw", "istio-system/other"),
        (
            HttpRoute(
                (HttpDestination(REVIEWS, "v1", weight=80), HttpDestination("reviews.other.svc.cluster.local", port=80, weight=20)),
                tuple(HttpMatch(StringMatch(kind, path)) for kind, path in zip(MatchKind, ("/a", "/b", "/c.*"), strict=True)),
                timedelta(seconds=1.5),
                "split",
            ),
            HttpRoute((HttpDestination(REVIEWS),)),
        ),
        (".",),
    )


def routes(**route: Any) -> tuple[HttpRoute, ...]:
    return parse_virtual_service(manifest(hosts=["reviews"], http=[{"route": [{"destination": {"host": "reviews"}}], **route}])).http


def test_a_route_with_an_unknown_action_is_not_taken() -> None:
    assert routes(delegate={}) == ()


@pytest.mark.parametrize("extra", ["fault", "mirror", "retries", "headers", "corsPolicy"])
def test_what_does_not_change_where_a_request_goes_is_passed_over(extra: str) -> None:
    assert len(routes(**{extra: {}})) == 1


def test_a_virtual_service_without_gateways_is_for_sidecars() -> None:
    assert parse_virtual_service(manifest(hosts=["reviews"])).gateways == ("mesh",)


def test_a_gateway_and_its_servers() -> None:
    gateway = parse_gateway(
        manifest(
            selector={"istio": "ingressgateway"},
            servers=[
                {"port": {"number": 80, "name": "http", "protocol": "http"}, "hosts": ["*", "bookinfo/a.example.com"]},
                {"port": {"number": 443, "protocol": "HTTPS"}},
            ],
        )
    )
    assert gateway == Gateway(
        "bookinfo",
        "x",
        {"istio": "ingressgateway"},
        (GatewayServer(80, "HTTP", "http", ("*", "a.example.com")), GatewayServer(443, "HTTPS")),
    )
