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


VERSIONS = ("v2.0", "v2.1", "v2.2", "v2.3", "v2.4", "v2.5")
COLLECTOR_ONLY: Manifest = {"addons": {"jaeger": {"install": {"storage": {"type": "Elasticsearch"}}}}}
SWITCHES: dict[str, tuple[Manifest, list[tuple[str, str]], set[str]]] = {
    # name: (spec, PeerAuthentications beside `default`, DestinationRules beside those of mTLS and of istiod)
    "all on": ({}, [COLLECTOR, GRAFANA], JAEGER_RULES),
    "Jaeger on Elasticsearch": (COLLECTOR_ONLY, [COLLECTOR, GRAFANA], JAEGER_RULES),
    "no tracing": (NO_JAEGER, [GRAFANA], set()),
    "Stackdriver": ({"tracing": {"type": "Stackdriver"}}, [GRAFANA], set()),
    "no Grafana": (NO_GRAFANA, [COLLECTOR], JAEGER_RULES),
    "neither": (NO_JAEGER | NO_GRAFANA, [], set()),
    "small": ({"profiles": ["small"]}, [], set()),
    "base": ({"profiles": ["base"]}, [COLLECTOR, GRAFANA], JAEGER_RULES),
    "gateway-controller": ({"profiles": ["gateway-controller"]}, [], set()),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mtls", [None, False, True])
@pytest.mark.parametrize("switch", SWITCHES)
def test_the_policies_of_every_version_and_switch(version: str, mtls: bool | None, switch: str) -> None:
    spec, policies, rules = SWITCHES[switch]
    control_plane = plane(version, **spec, **({} if mtls is None else {"security": {"dataPlane": {"mtls": mtls}}}))
    assert modes(control_plane) == [("default", "STRICT" if mtls else "PERMISSIVE"), *policies]
    of_mtls = {"default", "api-server"} if mtls else set()
    of_istiod = {"istiod-basic"} if version != "v2.0" else set()
    assert {name_of(part.manifest) for part in destination_rules(control_plane)} == rules | of_mtls | of_istiod


@pytest.mark.parametrize("version", VERSIONS)
def test_hosts_of_the_rules(version: str) -> None:
    is_old = version in ("v2.0", "v2.1")
    tls = {"trafficPolicy": {"tls": {"mode": "DISABLE"}}}
    expected = {
        "default": {"host": "*.local" if is_old else "*.cluster.local", "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}},
        "api-server": {"host": "kubernetes.default.svc.cluster.local"} | tls,
        "disable-mtls-jaeger-collector": {"host": "jaeger-collector.istio-system.svc" + ("" if is_old else ".cluster.local")} | tls,
        "disable-mtls-zipkin": {"host": "zipkin"} | tls,
        "istiod-basic": {
            "host": "istiod-basic.istio-system.svc.cluster.local",
            "trafficPolicy": {"portLevelSettings": [{"port": {"number": 8188}, "tls": {"mode": "SIMPLE"}}]},
        },
    }
    if version == "v2.0":
        del expected["istiod-basic"]
    assert specs(destination_rules(plane(version, **MTLS))) == expected


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
