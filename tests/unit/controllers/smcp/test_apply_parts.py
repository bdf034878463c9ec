import pytest

from hauberk.controllers.actions import Create, Delete, Patch
from hauberk.controllers.smcp.apply_parts import Writes, chart_version, mesh_version, plan_parts
from hauberk.controllers.smcp.parts import ControlPlane, Part
from hauberk.k8s import core, maistra, security
from hauberk.k8s.kind import Kind, Manifest
from tests.unit.controllers.builders import cluster_of, make_object, make_smcp, owner

PA = security.PEER_AUTHENTICATION
PLANE = ControlPlane.of(make_smcp(generation=3), "0.1.0")
LABELS = {
    "maistra-version": "2.1.0",
    "app.kubernetes.io/name": "mesh-config",
    "app.kubernetes.io/component": "mesh-config",
    "app.kubernetes.io/instance": "istio-system",
    "app.kubernetes.io/version": "0.1.0-3",
    "app.kubernetes.io/part-of": "istio",
    "app.kubernetes.io/managed-by": "maistra-istio-operator",
    "maistra.io/owner": "istio-system",
    "maistra.io/owner-name": "basic",
}


def part(kind: Kind = PA, name: str = "default", **fields: object) -> Part:
    manifest = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name, "namespace": "istio-system"}}
    return Part(kind, "mesh-config", manifest | (fields or {"spec": {"mtls": {"mode": "STRICT"}}}))


def live(kind: Kind = PA, name: str = "default", **fields: object) -> Manifest:
    fields = fields or {"spec": {"mtls": {"mode": "STRICT"}}}
    stamps = {"annotations": {"maistra.io/mesh-generation": "0.1.0-3"}, "labels": LABELS}
    references = owner(maistra.SERVICE_MESH_CONTROL_PLANE, PLANE.manifest)
    return make_object(kind, name, "istio-system", ownerReferences=references, **(stamps | fields))


def test_versions_are_as_documented() -> None:
    assert chart_version(PLANE) == "2.1.0"
    assert mesh_version(PLANE) == "0.1.0-3"


def test_a_missing_object_is_made_with_the_operators_labels_and_owner() -> None:
    (action,) = plan_parts(PLANE, [part()], cluster_of()).servers
    assert action == Create(
        PA,
        {
            "apiVersion": "security.istio.io/v1beta1",
            "kind": "PeerAuthentication",
            "metadata": {
                "name": "default",
                "namespace": "istio-system",
                "labels": LABELS,
                "annotations": {"maistra.io/mesh-generation": "0.1.0-3"},
                "ownerReferences": owner(maistra.SERVICE_MESH_CONTROL_PLANE, PLANE.manifest),
            },
            "spec": {"mtls": {"mode": "STRICT"}},
        },
    )


def test_what_is_as_wanted_is_not_written() -> None:
    assert plan_parts(PLANE, [part()], cluster_of((PA, live()))) == Writes()


@pytest.mark.parametrize(
    ("spec", "mend"),
    [
        ({"mtls": {"mode": "DISABLE"}}, {"mtls": {"mode": "STRICT"}}),
        ({"mtls": {"mode": "STRICT"}, "selector": {"matchLabels": {"a": "b"}}}, {"selector": None}),
    ],
)
def test_drift_is_undone_also_where_a_field_was_added_to_a_policy(spec: Manifest, mend: Manifest) -> None:
    actions = plan_parts(PLANE, [part()], cluster_of((PA, live(spec=spec)))).servers
    assert actions == [Patch(PA, "istio-system", "default", {"spec": mend})]


def test_what_the_api_filled_in_is_no_drift_and_is_kept() -> None:
    filled = live(core.SERVICE, spec={"type": "ClusterIP", "clusterIP": "10.96.0.9", "ports": [{"port": 80, "protocol": "TCP"}]})
    same = part(core.SERVICE, spec={"type": "ClusterIP", "ports": [{"port": 80}]})
    assert plan_parts(PLANE, [same], cluster_of((core.SERVICE, filled))) == Writes()
    other = part(core.SERVICE, spec={"type": "ClusterIP", "ports": [{"port": 81}]})
    assert plan_parts(PLANE, [other], cluster_of((core.SERVICE, filled))).rest == [
        Patch(core.SERVICE, "istio-system", "default", {"spec": {"ports": [{"port": 81, "protocol": "TCP"}]}})
    ]


def test_what_is_no_longer_wanted_goes() -> None:
    gone = live(name="api-server")
    assert plan_parts(PLANE, [part()], cluster_of((PA, live()), (PA, gone))).gone == [
        Delete(PA, "istio-system", "api-server", "uid-api-server")
    ]


def test_a_users_object_is_neither_overwritten_nor_pruned() -> None:
    users = make_object(PA, "default", "istio-system", spec={"mtls": {"mode": "DISABLE"}})
    other = make_object(PA, "mine", "istio-system", spec={})
    writes = plan_parts(PLANE, [part()], cluster_of((PA, users), (PA, other)))
    assert writes == Writes(conflicts=["PeerAuthentication istio-system/default"])
    assert not writes.any


def test_an_earlier_generations_label_is_written_anew_and_is_not_urgent() -> None:
    old = live()
    old["metadata"] |= {"labels": LABELS | {"app.kubernetes.io/version": "0.1.0-2"}}
    assert plan_parts(PLANE, [part()], cluster_of((PA, old))).rest == [
        Patch(PA, "istio-system", "default", {"metadata": {"labels": {"app.kubernetes.io/version": "0.1.0-3"}}})
    ]
