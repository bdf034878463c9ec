from hauberk.controllers.cluster import Key
from hauberk.controllers.mesh import network_policy
from hauberk.controllers.mesh.network_policy import plan
from hauberk.k8s import core
from hauberk.k8s.cluster_networking import NETWORK_POLICY
from hauberk.k8s.kind import Manifest, name_of
from tests.unit.controllers.builders import World, make_namespace, make_object, run

MEMBER = {"maistra.io/member-of": "istio-system"}
OPERATOR = {"app.kubernetes.io/managed-by": "maistra-istio-operator"}
OWNER = {"maistra.io/owner": "istio-system", "maistra.io/owner-name": "basic"}
SPEC: Manifest = {"podSelector": {}, "ingress": [{}], "policyTypes": ["Ingress"]}


def original(name: str = "istio-mesh-basic", **annotations: str) -> Manifest:
    return make_object(NETWORK_POLICY, name, "istio-system", labels=OPERATOR | OWNER, annotations=annotations, spec=SPEC)


def world(*policies: Manifest) -> World:
    made = World([network_policy.CONTROLLER], (core.NAMESPACE, make_namespace("istio-system", labels=MEMBER)))
    made.put(core.NAMESPACE, make_namespace("bookinfo", labels=MEMBER))
    for policy in policies:
        made.put(NETWORK_POLICY, policy)
    return made


def copies(of: World, namespace: str = "bookinfo") -> list[str]:
    return sorted(name_of(one) for one in of.cluster.list(NETWORK_POLICY, namespace))


def test_members_get_copies_without_the_owner_and_with_the_label_of_membership() -> None:
    here = world(original(), original("istio-istiod-basic", **{"maistra.io/internal": "true"}))
    here.settle()
    assert copies(here) == ["istio-mesh-basic"]
    copy = here.get(NETWORK_POLICY, "bookinfo", "istio-mesh-basic")
    assert (copy["spec"], copy["metadata"]["labels"]) == (SPEC, OPERATOR | MEMBER)
    assert "ownerReferences" not in copy["metadata"]


def test_leaving_takes_the_copies_away_and_so_does_the_end_of_the_original() -> None:
    here = world(original(), original("istio-expose-route-basic"))
    here.settle()
    here.delete(NETWORK_POLICY, "istio-system", "istio-expose-route-basic")
    here.settle()
    assert copies(here) == ["istio-mesh-basic"]
    here.patch(core.NAMESPACE, "", "bookinfo", {"metadata": {"labels": {"maistra.io/member-of": None}}})
    here.settle()
    assert (copies(here), copies(here, "istio-system")) == ([], ["istio-mesh-basic"])


def test_a_change_of_the_original_reaches_the_copies_and_a_change_of_a_copy_is_undone() -> None:
    here = world(original())
    here.settle()
    here.patch(NETWORK_POLICY, "bookinfo", "istio-mesh-basic", {"spec": {"ingress": []}})
    here.settle()
    assert here.get(NETWORK_POLICY, "bookinfo", "istio-mesh-basic")["spec"] == SPEC
    changed = {"metadata": {"annotations": {"hauberk.io/enforced": "true"}}, "spec": {"podSelector": {"matchLabels": {"a": "b"}}}}
    here.patch(NETWORK_POLICY, "istio-system", "istio-mesh-basic", changed)
    here.settle()
    copy = here.get(NETWORK_POLICY, "bookinfo", "istio-mesh-basic")
    assert copy["spec"]["podSelector"] == {"matchLabels": {"a": "b"}}
    assert copy["metadata"]["annotations"] == {"hauberk.io/enforced": "true"}


def test_a_policy_that_somebody_else_made_is_never_touched() -> None:
    theirs = make_object(NETWORK_POLICY, "istio-mesh-basic", "bookinfo", spec={"podSelector": {}, "policyTypes": ["Egress"]})
    here = world(original(), theirs)
    here.settle()
    assert here.get(NETWORK_POLICY, "bookinfo", "istio-mesh-basic")["spec"] == theirs["spec"]
    here.patch(core.NAMESPACE, "", "bookinfo", {"metadata": {"labels": {"maistra.io/member-of": None}}})
    here.settle()
    assert copies(here) == ["istio-mesh-basic"]


def test_nothing_is_done_in_a_namespace_that_goes() -> None:
    going = make_namespace("bookinfo", labels=MEMBER, deletionTimestamp="2026-11-25T12:00:00Z", finalizers=["kubernetes"])
    assert run(plan, Key("", "bookinfo"), (core.NAMESPACE, going), (NETWORK_POLICY, original())) == []
    assert run(plan, Key("", "gone")) == []
