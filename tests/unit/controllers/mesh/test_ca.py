import base64
from datetime import datetime, timedelta

import pytest

from hauberk.controllers.actions import Again, Create, Delete, Update
from hauberk.controllers.cluster import Key
from hauberk.controllers.mesh.ca import CaChoice, choose_ca, controller, plan
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Kind, Manifest, name_of
from hauberk.model.identity import TrustDomain
from hauberk.pki.ca import SigningCa, self_signed_ca
from hauberk.pki.certificates import fingerprint
from hauberk.pki.keys import make_key
from hauberk.pki.secrets import ca_in_use_secret, ca_secret
from tests.unit.controllers.builders import NOW, STAMP, cluster_of, flat, make_namespace, make_object, make_smcp, make_smm, make_smmr, run

KEY = Key("istio-system", "basic")
SMCP, SMMR = maistra.SERVICE_MESH_CONTROL_PLANE, maistra.SERVICE_MESH_MEMBER_ROLL
PRIVATE_KEY = {"security": {"certificateAuthority": {"type": "Istiod", "istiod": {"type": "PrivateKey"}}}}
SELF_SIGNED = {"security": {"certificateAuthority": {"istiod": {"type": "SelfSigned"}}}}


def new_ca() -> SigningCa:
    return self_signed_ca(trust_domain=TrustDomain("cluster.local"), key=make_key(), now=NOW, serial=7)


CA, OTHER = new_ca(), new_ca()
OWN = ca_secret(CA, "istio-system")


def plugged(ca: SigningCa = OTHER, **changes: bytes) -> Manifest:
    data = dict(ca_secret(ca, "istio-system")["data"])
    data["cert-chain.pem"] = data["ca-cert.pem"]
    data |= {name.replace("_", "-") + ".pem": base64.b64encode(value).decode() for name, value in changes.items()}
    return make_object(core.SECRET, "cacerts", "istio-system", data=data)


def new_root(trust_domain: TrustDomain, namespace: str, now: datetime, life: timedelta) -> Manifest:
    assert (trust_domain, namespace, now, life) == (TrustDomain("cluster.local"), "istio-system", NOW, timedelta(days=3650))
    return OWN


def root_of(ca: SigningCa, namespace: str, mesh: str = "istio-system/basic") -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "istio-ca-root-cert",
            "namespace": namespace,
            "labels": {"istio.io/config": "true"},
            "annotations": {"hauberk.io/mesh": mesh, "hauberk.io/ca-issuer": fingerprint(ca.path[0])},
        },
        "data": {"root-cert.pem": ca.bundle.to_pem().decode()},
    }


def roll(*configured: str) -> Manifest:
    return make_smmr(configured) | {"status": {"configuredMembers": list(configured)}}


HOME: list[tuple[Kind, Manifest]] = [(core.NAMESPACE, make_namespace(name)) for name in ("istio-system", "a", "b")]


def planned(*objects: tuple[Kind, Manifest]) -> list[object]:
    """What is done, but for looking again later."""
    return [action for action in flat(run(plan, KEY, *HOME, *objects, new_root=new_root)) if not isinstance(action, Again)]


def in_use(ca: SigningCa = CA) -> tuple[Kind, Manifest]:
    secret = ca_in_use_secret(ca, "istio-system")
    return core.SECRET, secret | {"metadata": secret["metadata"] | {"uid": "uid-in-use"}}


@pytest.mark.parametrize(
    ("spec", "cacerts", "own", "expected"),
    [
        ({}, None, None, CaChoice("istio-ca-secret")),
        ({}, None, OWN, CaChoice("istio-ca-secret", CA)),
        ({}, plugged(), OWN, CaChoice("cacerts", OTHER)),
        (PRIVATE_KEY, plugged(), OWN, CaChoice("cacerts", OTHER)),
        (SELF_SIGNED, plugged(), OWN, CaChoice("istio-ca-secret", CA)),
    ],
)
def test_the_type_field_means_what_it_says(spec: Manifest, cacerts: Manifest | None, own: Manifest | None, expected: CaChoice) -> None:
    choice = choose_ca(make_smcp(spec=spec), cacerts, own, now=NOW)
    assert (choice.secret, choice.findings) == (expected.secret, ())
    assert (choice.ca.path if choice.ca else None) == (expected.ca.path if expected.ca else None)
    assert choice.is_to_be_made is (expected.ca is None)


@pytest.mark.parametrize(
    ("spec", "cacerts", "code"),
    [
        (PRIVATE_KEY, None, "HBK0411"),
        ({"security": {"trust": {"domain": "No Domain"}}}, None, "HBK0412"),
        ({"security": {"certificateAuthority": {"type": "cert-manager"}}}, None, "HBK0413"),
        ({"security": {"certificateAuthority": {"istiod": {"type": "Magic"}}}}, None, "HBK0414"),
        ({}, plugged(ca_key=b"garbage"), "HBK0403"),
        ({}, plugged(ca_cert=b""), "HBK0401"),
    ],
)
def test_what_cannot_be_used_is_refused_and_not_replaced_by_our_own(spec: Manifest, cacerts: Manifest | None, code: str) -> None:
    choice = choose_ca(make_smcp(spec=spec), cacerts, OWN, now=NOW)
    assert choice.ca is None
    assert not choice.is_to_be_made
    assert code in [finding.code for finding in choice.findings]


def test_a_mesh_without_a_root_gets_one() -> None:
    assert planned((SMCP, make_smcp())) == [Create(core.SECRET, OWN)]


def test_the_root_is_handed_to_the_configured_members() -> None:
    assert planned((SMCP, make_smcp()), (core.SECRET, OWN), in_use(), (SMMR, roll("a", "not-there"))) == [
        Create(core.CONFIG_MAP, root_of(CA, "istio-system")),
        Create(core.CONFIG_MAP, root_of(CA, "a")),
    ]


def test_a_root_that_somebody_changed_or_another_mesh_left_is_written_anew() -> None:
    wrong = root_of(OTHER, "istio-system", mesh="other/other")
    wrong["metadata"]["uid"] = "kept"
    (action,) = planned((SMCP, make_smcp()), (core.SECRET, OWN), in_use(), (core.CONFIG_MAP, wrong))
    right = root_of(CA, "istio-system")
    assert action == Update(core.CONFIG_MAP, right | {"metadata": right["metadata"] | {"uid": "kept"}})


def test_a_namespace_that_left_loses_the_root() -> None:
    objects = [(core.CONFIG_MAP, root_of(CA, "istio-system")), (core.CONFIG_MAP, root_of(CA, "b"))]
    assert planned((SMCP, make_smcp()), (core.SECRET, OWN), in_use(), (SMMR, roll("a")), *objects, (core.CONFIG_MAP, root_of(CA, "a"))) == [
        Delete(core.CONFIG_MAP, "b", "istio-ca-root-cert", "")
    ]


@pytest.mark.parametrize("planes", [[], [make_smcp(deletionTimestamp=STAMP)], [make_smcp(), make_smcp("aaa")]])
def test_without_a_control_plane_of_its_own_all_roots_are_withdrawn(planes: list[Manifest]) -> None:
    objects = [(core.CONFIG_MAP, root_of(CA, "istio-system")), (core.CONFIG_MAP, root_of(CA, "a", mesh="other/other"))]
    actions = planned(*((SMCP, one) for one in planes), *objects)
    assert actions == [Delete(core.CONFIG_MAP, "istio-system", "istio-ca-root-cert", "")]


def test_a_ca_that_is_refused_changes_no_root() -> None:
    objects = [(core.SECRET, plugged(ca_key=b"garbage")), (core.CONFIG_MAP, root_of(CA, "istio-system"))]
    assert planned((SMCP, make_smcp()), *objects) == []


def test_an_expired_root_is_refused() -> None:
    choice = choose_ca(make_smcp(), None, OWN, now=NOW + timedelta(days=365 * 11))
    assert choice.ca is None
    assert choice.findings


def test_secrets_and_roots_concern_the_control_planes() -> None:
    watches = {watch.kind.kind: watch.keys for watch in controller(new_root).watches}
    cluster = cluster_of((SMCP, make_smcp()), (maistra.SERVICE_MESH_MEMBER, make_smm("a")))
    assert list(watches["Secret"](OWN, cluster)) == [KEY]
    assert list(watches["Secret"](make_object(core.SECRET, "mine", "istio-system"), cluster)) == []
    assert set(watches["ConfigMap"](root_of(CA, "a", mesh="other/gone"), cluster)) == {KEY, Key("other", "gone")}
    assert list(watches["ConfigMap"](make_object(core.CONFIG_MAP, "mine", "a"), cluster)) == []
    assert name_of(OWN) == "istio-ca-secret"
