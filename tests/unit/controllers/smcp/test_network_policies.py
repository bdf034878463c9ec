"""The set of facts/ossm.md 2.3."""

from typing import Any

import pytest

from hauberk import names
from hauberk.controllers.smcp import reconcile
from hauberk.controllers.smcp.network_policies import network_policies
from hauberk.controllers.smcp.parts import ControlPlane
from hauberk.k8s import core, maistra
from hauberk.k8s.cluster_networking import NETWORK_POLICY
from hauberk.k8s.kind import Manifest, name_of
from tests.unit.controllers.builders import World, make_namespace, make_smcp


def policies(**spec: Any) -> dict[str, Manifest]:
    plane = ControlPlane.of(make_smcp(spec=spec), "1")
    return {name_of(part.manifest): part.manifest for part in network_policies(plane)}


def test_the_default_profile_has_exactly_eight() -> None:
    assert {name: policy["spec"] for name, policy in policies().items()} == {
        name: {"podSelector": selector, "ingress": ingress, "policyTypes": ["Ingress"]}
        for name, selector, ingress in (
            ("istio-mesh-basic", {}, [{"from": [{"namespaceSelector": {"matchLabels": {"maistra.io/member-of": "istio-system"}}}]}]),
            (
                "istio-expose-route-basic",
                {"matchLabels": {"maistra.io/expose-route": "true"}},
                [{"from": [{"namespaceSelector": {"matchLabels": {"network.openshift.io/policy-group": "ingress"}}}]}],
            ),
            ("istio-istiod-basic", {"matchLabels": {"app": "istiod", "istio.io/rev": "basic"}}, at("webhook")),
            ("istio-prometheus-ingress", {"matchLabels": {"app": "prometheus"}}, at(3001)),
            ("istio-grafana-ingress", {"matchLabels": {"app": "grafana"}}, at(3001)),
            ("istio-kiali-ingress", {"matchLabels": {"app": "kiali"}}, at(20001)),
            (
                "istio-jaeger-ingress",
                {
                    "matchLabels": {"app.kubernetes.io/instance": "jaeger"},
                    "matchExpressions": [{"key": "app.kubernetes.io/component", "operator": "In", "values": ["all-in-one", "query"]}],
                },
                at(8443),
            ),
            ("istio-ingressgateway", {"matchLabels": {"app": "istio-ingressgateway", "istio": "ingressgateway"}}, [{}]),
        )
    }


def at(port: int | str) -> list[Manifest]:
    """A rule with its port where it belongs: the real thing writes it beside `ports`, which opens all."""
    return [{"ports": [{"port": port, "protocol": "TCP"}]}]


def test_the_two_that_members_get_are_the_ones_that_are_not_internal() -> None:
    internal = {name for name, policy in policies().items() if policy["metadata"]["annotations"].get("maistra.io/internal") == "true"}
    assert set(policies()) - internal == {"istio-mesh-basic", "istio-expose-route-basic"}


@pytest.mark.parametrize(
    ("spec", "gone"),
    [
        ({"tracing": {"type": "None"}}, {"istio-jaeger-ingress"}),
        ({"addons": {"grafana": {"enabled": False}}}, {"istio-grafana-ingress"}),
        ({"gateways": {"enabled": False}}, {"istio-ingressgateway"}),
    ],
)
def test_what_is_not_there_has_none(spec: Manifest, gone: set[str]) -> None:
    assert set(policies()) - set(policies(**spec)) == gone


@pytest.mark.parametrize(("said", "value"), [({}, "false ("), ({"manageNetworkPolicy": True}, "true")])
def test_they_are_enforced_where_that_is_asked_for(said: Manifest, value: str) -> None:
    for policy in policies(security=said).values():
        assert policy["metadata"]["annotations"][names.ANNOTATION_ENFORCED].startswith(value)


def test_manage_network_policy_false_takes_them_all_away_and_edits_are_undone() -> None:
    world = World([reconcile.controller("1")], (core.NAMESPACE, make_namespace("istio-system")))
    world.put(maistra.SERVICE_MESH_CONTROL_PLANE, make_smcp())
    world.live()
    assert len(world.cluster.list(NETWORK_POLICY)) == 8
    world.patch(NETWORK_POLICY, "istio-system", "istio-mesh-basic", {"spec": {"podSelector": {"matchLabels": {"a": "b"}}}})
    world.settle()
    assert world.get(NETWORK_POLICY, "istio-system", "istio-mesh-basic")["spec"]["podSelector"] == {}
    off: Manifest = {"spec": {"security": {"manageNetworkPolicy": False}}}
    world.patch(maistra.SERVICE_MESH_CONTROL_PLANE, "istio-system", "basic", off)
    world.settle()
    assert world.cluster.list(NETWORK_POLICY) == []
