from typing import Any

import pytest

from hauberk.controllers.actions import Action, Create, Delete, Event, Patch, PatchStatus
from hauberk.controllers.cluster import Key
from hauberk.controllers.objects import annotations_of, condition_of, labels_of
from hauberk.controllers.registry import ControllerOptions, build_controllers
from hauberk.controllers.smcp.reconcile import plan
from hauberk.k8s import apps, core, maistra, networking, route, security
from hauberk.k8s.kind import Kind, Manifest, name_of
from tests.unit.controllers.builders import STAMP, World, flat, make_namespace, make_node, make_object, make_smcp, make_smmr, run

SMCP = maistra.SERVICE_MESH_CONTROL_PLANE
PA, DR = security.PEER_AUTHENTICATION, networking.DESTINATION_RULE
KEY = Key("istio-system", "basic")
MTLS = {"spec": {"security": {"dataPlane": {"mtls": True}}}}


def mesh(*objects: tuple[Kind, Manifest], **fields: Any) -> World:
    options = ControllerOptions(api_ca_pem="PEM", http_port=8080, version="0.1.0")
    home = [(core.NODE, make_node()), (core.NAMESPACE, make_namespace("istio-system"))]
    return World(build_controllers(options), *home, *objects, (SMCP, make_smcp(**fields)))


def status_of(world: World, condition: str) -> tuple[str, str]:
    found = condition_of(world.get(SMCP, *KEY), condition)
    assert found is not None
    return found["status"], found["reason"]


def policies(world: World) -> dict[str, str]:
    return {name_of(one): one["spec"]["mtls"]["mode"] for one in world.cluster.list(PA)}


def rules(world: World) -> set[str]:
    return {name_of(one) for one in world.cluster.list(DR)}


def test_a_mesh_is_ready_when_its_gateways_run_and_its_ca_is_there() -> None:
    world = mesh()
    world.settle()
    assert status_of(world, "Ready") == ("False", "PausingInstall")
    world.live()
    assert status_of(world, "Ready") == ("True", "ComponentsReady")
    assert world.get(SMCP, *KEY)["status"]["annotations"] == {"readyComponentCount": "4/4"}
    assert policies(world) == {
        "default": "PERMISSIVE",
        "disable-mtls-jaeger-collector": "DISABLE",
        "grafana-ports-mtls-disabled": "PERMISSIVE",
    }
    assert {name_of(one) for one in world.cluster.list(apps.DEPLOYMENT)} == {"istio-ingressgateway", "istio-egressgateway"}
    assert [name_of(one) for one in world.cluster.list(route.ROUTE)] == ["istio-ingressgateway"]
    assert labels_of(world.get(core.NAMESPACE, "", "istio-system")) == {
        "maistra.io/member-of": "istio-system",
        "maistra.io/ignore-namespace": "ignore",
    }


def test_mtls_on_and_off_again_leaves_what_there_was() -> None:
    world = mesh()
    world.live()
    before = policies(world), rules(world)
    world.patch(SMCP, *KEY, MTLS)
    world.live()
    assert policies(world)["default"] == "STRICT"
    assert rules(world) == before[1] | {"default", "api-server"}
    assert status_of(world, "Reconciled") == ("True", "UpdateSuccessful")
    world.patch(SMCP, *KEY, {"spec": {"security": None}})
    world.live()
    assert (policies(world), rules(world)) == before


def written(action: Action) -> tuple[str, str]:
    """Kind and name of the object that an action makes or changes."""
    match action:
        case Create(kind, obj):
            return kind.kind, name_of(obj)
        case Patch(kind, _, name, _):
            return kind.kind, name
    return "", ""


def test_clients_are_told_to_send_mtls_before_servers_demand_it() -> None:
    world = mesh()
    world.live()
    world.patch(SMCP, *KEY, MTLS)
    actions = flat(plan(world.cluster, KEY, world.now, version="0.1.0"))
    order = [written(action) for action in actions]
    assert order[:4] == [
        ("DestinationRule", "default"),
        ("DestinationRule", "api-server"),
        ("PeerAuthentication", "default"),
        ("", ""),
    ], "then the status, and only then what changes no traffic"
    assert ("DestinationRule", "istiod-basic") in order[4:]


def test_servers_stop_demanding_mtls_before_the_clients_rule_goes() -> None:
    world = mesh(spec=MTLS["spec"])
    world.live()
    world.patch(SMCP, *KEY, {"spec": {"security": None}})
    actions = flat(plan(world.cluster, KEY, world.now, version="0.1.0"))
    looser = [written(one) for one in actions].index(("PeerAuthentication", "default"))
    gone = [index for index, one in enumerate(actions) if isinstance(one, Delete)]
    assert min(gone) > looser
    status = next(index for index, one in enumerate(actions) if isinstance(one, PatchStatus))
    assert max(gone) < status


def test_a_policy_that_somebody_deletes_or_changes_comes_back() -> None:
    world = mesh()
    world.live()
    world.delete(PA, "istio-system", "default")
    world.patch(PA, "istio-system", "grafana-ports-mtls-disabled", {"spec": {"mtls": {"mode": "STRICT"}}})
    world.live()
    assert policies(world)["default"] == "PERMISSIVE"
    assert policies(world)["grafana-ports-mtls-disabled"] == "PERMISSIVE"


def test_a_users_policy_in_the_way_is_kept_and_named() -> None:
    users = make_object(PA, "default", "istio-system", spec={"mtls": {"mode": "DISABLE"}}, uid="users")
    world = mesh((PA, users))
    world.live()
    assert policies(world)["default"] == "DISABLE"
    condition = condition_of(world.get(SMCP, *KEY), "Reconciled")
    assert condition is not None
    assert condition["message"].startswith("PeerAuthentication istio-system/default: made by somebody else")
    world.delete(PA, "istio-system", "default")
    world.live()
    assert policies(world)["default"] == "PERMISSIVE"
    assert status_of(world, "Ready") == ("True", "ComponentsReady")


def test_a_ca_that_is_missing_keeps_the_mesh_from_being_ready() -> None:
    world = mesh(spec={"security": {"certificateAuthority": {"istiod": {"type": "PrivateKey"}}}})
    world.live()
    assert status_of(world, "Ready") == ("False", "ReconcileError")
    assert world.cluster.get(core.SECRET, "istio-system", "istio-ca-secret") is None
    (warning,) = [event for event in world.events if event.type == "Warning"]
    assert "there is no Secret istio-system/cacerts" in warning.message


def test_a_second_control_plane_in_a_namespace_waits_for_the_first_to_go() -> None:
    world = mesh((SMCP, make_smcp("second", creationTimestamp="2026-11-26T00:00:00Z")))
    world.live()
    second = condition_of(world.get(SMCP, "istio-system", "second"), "Ready")
    assert second is not None
    assert (second["status"], second["reason"], second["message"]) == (
        "Unknown",
        "ErrMultipleSMCPs",
        "reconciliation skipped: error: multiple ServiceMeshControlPlane resources exist in the namespace",
    )
    world.delete(SMCP, *KEY)
    world.live()
    ready = condition_of(world.get(SMCP, "istio-system", "second"), "Ready")
    assert ready is not None
    assert ready["reason"] == "ComponentsReady"


def test_an_unknown_profile_is_an_error_of_the_spec() -> None:
    smcp = make_smcp(spec={"profiles": ["nope"]})
    status, event = run(plan, KEY, (SMCP, smcp), version="0.1.0")
    assert isinstance(status, PatchStatus)
    assert status.status["conditions"][0]["message"].startswith("Error rendering helm charts: error: profile nope does not exist")
    assert isinstance(event, Event)
    assert event.type == "Warning"


def test_deleting_the_mesh_takes_everything_but_the_root_key() -> None:
    world = mesh()
    world.live()
    world.delete(SMCP, *KEY)
    world.live()
    for kind in (SMCP, PA, DR, route.ROUTE, apps.DEPLOYMENT, apps.REPLICA_SET, core.POD, core.SERVICE):
        assert world.cluster.list(kind) == []
    assert [name_of(one) for one in world.cluster.list(core.CONFIG_MAP)] == ["kube-root-ca.crt"]
    assert [name_of(one) for one in world.cluster.list(core.SECRET)] == ["istio-ca-secret"]
    assert labels_of(world.get(core.NAMESPACE, "", "istio-system")) == {}


def test_the_finalizer_stays_until_all_is_gone() -> None:
    smcp = make_smcp(deletionTimestamp=STAMP, finalizers=["maistra.io/istio-operator", "x/y"])
    (last,) = run(plan, KEY, (SMCP, smcp), version="0.1.0")
    assert last == Patch(SMCP, "istio-system", "basic", {"metadata": {"finalizers": ["x/y"]}})
    assert run(plan, KEY, (SMCP, make_smcp(deletionTimestamp=STAMP, finalizers=["x/y"])), version="0.1.0") == []
    assert run(plan, KEY, version="0.1.0") == []


@pytest.mark.parametrize(("version", "ignored"), [("v2.3", True), ("v2.4", False)])
def test_only_before_2_4_the_own_namespace_is_ignored(version: str, ignored: bool) -> None:
    world = mesh(version=version)
    world.settle()
    assert ("maistra.io/ignore-namespace" in labels_of(world.get(core.NAMESPACE, "", "istio-system"))) is ignored


def test_gateway_pods_say_which_mesh_they_are_of() -> None:
    world = mesh()
    world.live()
    assert {annotations_of(pod)["hauberk.io/mesh"] for pod in world.cluster.list(core.POD)} == {"istio-system/basic"}


def test_a_spec_that_cannot_be_is_a_validation_error() -> None:
    status, event = run(plan, KEY, (SMCP, make_smcp(spec={"addons": {"prometheus": {"enabled": False}}})), version="0.1.0")
    assert isinstance(status, PatchStatus)
    assert [(one["reason"], one["message"]) for one in status.status["conditions"]] == [
        (
            "ValidationError",
            "Spec is invalid: error: .spec.addons.prometheus.enabled must be true when .spec.addons.kiali.enabled is true "
            "and spec.addons.kiali.name is not specified",
        )
    ] * 2
    assert isinstance(event, Event)
    assert event.type == "Warning"


def test_a_gateway_elsewhere_needs_a_namespace_of_the_mesh_and_goes_with_the_mesh() -> None:
    world = mesh((core.NAMESPACE, make_namespace("edge")), spec={"gateways": {"ingress": {"namespace": "edge"}}})
    world.live()
    condition = condition_of(world.get(SMCP, *KEY), "Reconciled")
    assert condition is not None
    message = "Error processing component istio-ingress: namespace of manifest edge/istio-ingressgateway-service-account not in mesh"
    assert condition["message"] == message
    assert world.cluster.get(apps.DEPLOYMENT, "edge", "istio-ingressgateway") is None
    world.put(maistra.SERVICE_MESH_MEMBER_ROLL, make_smmr(["edge"]))
    world.live()
    assert status_of(world, "Ready") == ("True", "ComponentsReady")
    gateway = world.get(apps.DEPLOYMENT, "edge", "istio-ingressgateway")
    assert "ownerReferences" not in gateway["metadata"]
    world.delete(apps.DEPLOYMENT, "edge", "istio-ingressgateway")
    world.live()
    assert world.get(apps.DEPLOYMENT, "edge", "istio-ingressgateway"), "it is made again"
    world.patch(SMCP, *KEY, {"spec": {"gateways": {"ingress": {"namespace": None}}}})
    world.live()
    assert [one["metadata"]["namespace"] for one in world.cluster.list(route.ROUTE)] == ["istio-system"]
    world.patch(SMCP, *KEY, {"spec": {"gateways": {"ingress": {"namespace": "edge"}}}})
    world.live()
    world.delete(SMCP, *KEY)
    world.live()
    assert world.cluster.list(apps.DEPLOYMENT) == []
    assert world.cluster.list(SMCP) == []
