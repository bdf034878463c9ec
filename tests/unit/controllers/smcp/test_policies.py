"""The tables of facts/ossm.md 2.1, 2.2 and 10."""

from typing import Any

import pytest

from hauberk.controllers.smcp.parts import ControlPlane
from hauberk.controllers.smcp.policies import destination_rules, peer_authentications
from hauberk.k8s.kind import Manifest, name_of
from tests.unit.controllers.builders import make_smcp

MTLS: Manifest = {"security": {"dataPlane": {"mtls": True}}}
NO_JAEGER: Manifest = {"tracing": {"type": "None"}}
NO_GRAFANA: Manifest = {"addons": {"grafana": {"enabled": False}}}
COLLECTOR = ("disable-mtls-jaeger-collector", "DISABLE")
GRAFANA = ("grafana-ports-mtls-disabled", "PERMISSIVE")
JAEGER_RULES = {"disable-mtls-jaeger-collector", "disable-mtls-zipkin"}


def plane(version: str = "v2.1", **spec: Any) -> ControlPlane:
    return ControlPlane.of(make_smcp(version=version, spec=spec), "1")


def modes(control_plane: ControlPlane) -> list[tuple[str, str]]:
    return [(name_of(part.manifest), part.manifest["spec"]["mtls"]["mode"]) for part in peer_authentications(control_plane)]


def specs(parts: Any) -> dict[str, Manifest]:
    return {name_of(part.manifest): part.manifest["spec"] for part in parts}


@pytest.mark.parametrize(
    ("version", "spec", "policies", "rules"),
    [
        ("v2.0", {}, [("default", "PERMISSIVE"), COLLECTOR, GRAFANA], JAEGER_RULES),
        ("v2.1", {}, [("default", "PERMISSIVE"), COLLECTOR, GRAFANA], JAEGER_RULES | {"istiod-basic"}),
        ("v2.5", {}, [("default", "PERMISSIVE"), COLLECTOR, GRAFANA], JAEGER_RULES | {"istiod-basic"}),
        ("v2.1", MTLS, [("default", "STRICT"), COLLECTOR, GRAFANA], JAEGER_RULES | {"istiod-basic", "api-server", "default"}),
        ("v2.5", MTLS, [("default", "STRICT"), COLLECTOR, GRAFANA], JAEGER_RULES | {"istiod-basic", "api-server", "default"}),
        ("v2.5", MTLS | NO_JAEGER, [("default", "STRICT"), GRAFANA], {"api-server", "default", "istiod-basic"}),
        ("v2.5", MTLS | NO_GRAFANA, [("default", "STRICT"), COLLECTOR], JAEGER_RULES | {"api-server", "default", "istiod-basic"}),
        ("v2.5", {"profiles": ["gateway-controller"]}, [("default", "PERMISSIVE")], {"istiod-basic"}),
    ],
)
def test_the_policies_of_each_version(version: str, spec: Manifest, policies: list[tuple[str, str]], rules: set[str]) -> None:
    control_plane = plane(version, **spec)
    assert modes(control_plane) == policies
    assert {name_of(part.manifest) for part in destination_rules(control_plane)} == rules


@pytest.mark.parametrize(
    ("version", "everything", "collector"),
    [
        ("v2.1", "*.local", "jaeger-collector.istio-system.svc"),
        ("v2.2", "*.cluster.local", "jaeger-collector.istio-system.svc.cluster.local"),
    ],
)
def test_hosts_of_the_rules(version: str, everything: str, collector: str) -> None:
    tls = {"trafficPolicy": {"tls": {"mode": "DISABLE"}}}
    assert specs(destination_rules(plane(version, **MTLS))) == {
        "default": {"host": everything, "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}},
        "api-server": {"host": "kubernetes.default.svc.cluster.local"} | tls,
        "disable-mtls-jaeger-collector": {"host": collector} | tls,
        "disable-mtls-zipkin": {"host": "zipkin"} | tls,
        "istiod-basic": {
            "host": "istiod-basic.istio-system.svc.cluster.local",
            "trafficPolicy": {"portLevelSettings": [{"port": {"number": 8188}, "tls": {"mode": "SIMPLE"}}]},
        },
    }


def test_selectors_of_the_policies() -> None:
    assert specs(peer_authentications(plane())) == {
        "default": {"mtls": {"mode": "PERMISSIVE"}},
        "disable-mtls-jaeger-collector": {
            "selector": {"matchLabels": {"app.kubernetes.io/component": "all-in-one", "app.kubernetes.io/instance": "jaeger"}},
            "mtls": {"mode": "DISABLE"},
        },
        "grafana-ports-mtls-disabled": {
            "selector": {"matchLabels": {"app": "grafana"}},
            "mtls": {"mode": "PERMISSIVE"},
            "portLevelMtls": {"3000": {"mode": "DISABLE"}},
        },
    }


def test_a_jaeger_that_does_not_store_in_memory_has_a_collector_and_a_name_of_its_own() -> None:
    addons = {"jaeger": {"name": "tracer", "install": {"storage": {"type": "Elasticsearch"}}}}
    policy = specs(peer_authentications(plane(addons=addons)))["disable-mtls-jaeger-collector"]
    assert policy["selector"]["matchLabels"] == {"app.kubernetes.io/component": "collector", "app.kubernetes.io/instance": "tracer"}
    rule = specs(destination_rules(plane("v2.5", addons=addons)))["disable-mtls-jaeger-collector"]
    assert rule["host"] == "tracer-collector.istio-system.svc.cluster.local"
