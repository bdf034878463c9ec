"""The whole change of a CA as objects: what the Secret, the ConfigMaps and the events say at each step."""

import base64
from dataclasses import replace
from datetime import datetime, timedelta

from hauberk.controllers.cluster import Cluster
from hauberk.controllers.mesh.ca import controller
from hauberk.controllers.mesh.ca_in_use import holdings, in_use_of, next_step, rotation_of
from hauberk.controllers.mesh.ca_settings import CaSettings
from hauberk.controllers.mesh.membership import Mesh
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Manifest
from hauberk.model.identity import TrustDomain
from hauberk.pki.ca import SigningCa, self_signed_ca
from hauberk.pki.certificates import fingerprint
from hauberk.pki.keys import make_key
from hauberk.pki.rotation import Held, is_same
from hauberk.pki.secrets import ca_secret, root_config_map
from tests.unit.controllers.builders import NOW, World, make_namespace, make_object, make_smcp

SMCP = maistra.SERVICE_MESH_CONTROL_PLANE
RUNNING = [{"name": "istio-proxy", "state": {"running": {}}}]
COMBINED = "step 1 of 3: old and new roots are handed out, the old CA still signs"


def new_ca(serial: int, life: timedelta = timedelta(days=3650)) -> SigningCa:
    return self_signed_ca(trust_domain=TrustDomain("cluster.local"), key=make_key(), now=NOW, serial=serial << 100, lifetime=life)


OWN, BROUGHT = new_ca(1), new_ca(2)


def cacerts(ca: SigningCa) -> Manifest:
    data = dict(ca_secret(ca, "istio-system")["data"])
    return make_object(core.SECRET, "cacerts", "istio-system", data=data | {"cert-chain.pem": data["ca-cert.pem"]})


def pod(name: str, ca: SigningCa | None = None, since: datetime = NOW - timedelta(minutes=1)) -> Manifest:
    annotations = {"hauberk.io/mesh": "istio-system/basic"}
    if ca is not None:
        held = Held(fingerprint(ca.path[0]), frozenset(ca.bundle.fingerprints()), "", since)
        annotations["hauberk.io/certificate"] = held.render()
    return make_object(core.POD, name, "istio-system", spec={}, annotations=annotations, status={"containerStatuses": RUNNING})


def new_root(_trust_domain: TrustDomain, namespace: str, _now: datetime, life: timedelta) -> Manifest:
    return ca_secret(new_ca(3, life), namespace)


def world(own: SigningCa = OWN) -> World:
    made = World([controller(new_root)], (core.NAMESPACE, make_namespace("istio-system")), (SMCP, make_smcp()))
    made.put(core.SECRET, ca_secret(own, "istio-system"))
    made.settle()
    return made


def in_use(of: World) -> SigningCa:
    found = in_use_of(make_smcp(), of.cluster)
    assert found is not None
    return found


def rotation(of: World) -> str:
    return rotation_of(make_smcp(), of.cluster)


def published(of: World) -> Manifest:
    return of.get(core.CONFIG_MAP, "istio-system", "istio-ca-root-cert")


def test_each_step_is_written_handed_out_awaited_and_told() -> None:
    here = world()
    assert is_same(in_use(here), OWN)
    here.put(core.POD, pod("a", OWN))
    here.put(core.SECRET, cacerts(BROUGHT))
    here.settle()
    combined = in_use(here)
    assert (combined.path, combined.bundle.roots) == (OWN.path, (*OWN.path, *BROUGHT.path))
    assert published(here)["data"]["root-cert.pem"] == combined.bundle.to_pem().decode()
    assert rotation(here) == f"{COMBINED}; waiting for istio-system/a"
    here.put(core.POD, pod("a", combined))
    here.settle()
    assert (in_use(here).path, in_use(here).bundle) == (BROUGHT.path, combined.bundle)
    assert published(here)["metadata"]["annotations"]["hauberk.io/ca-issuer"] == fingerprint(BROUGHT.path[0])
    here.put(core.POD, pod("a", in_use(here)))
    here.settle()
    assert is_same(in_use(here), BROUGHT)
    assert rotation(here) == ""
    assert published(here)["data"]["root-cert.pem"] == BROUGHT.bundle.to_pem().decode()
    assert [event.reason for event in here.events] == ["CaCombinedBundle", "CaNewSigner", "CaDone"]


def test_a_bad_secret_on_the_way_leaves_everything_as_it_is() -> None:
    here = world()
    here.put(core.POD, pod("a", OWN))
    here.put(core.SECRET, cacerts(BROUGHT))
    here.settle()
    before = in_use(here)
    spoiled = cacerts(BROUGHT)
    here.put(core.SECRET, spoiled | {"data": spoiled["data"] | {"ca-key.pem": base64.b64encode(b"garbage").decode()}})
    here.settle()
    assert is_same(in_use(here), before)
    assert published(here)["data"]["root-cert.pem"] == before.bundle.to_pem().decode()


def test_the_renewal_of_the_own_root_waits_for_the_moment_of_its_mesh() -> None:
    here = world(new_ca(4, timedelta(days=100)))
    due, jitter = timedelta(days=80), CaSettings().jitter(make_smcp()["metadata"]["uid"], timedelta(days=100))
    here.tick((due + jitter - timedelta(minutes=1)).total_seconds())
    here.settle()
    assert here.events == []
    here.tick(timedelta(minutes=2).total_seconds())
    here.settle()
    assert here.events[0].reason == "CaRootRenewed"


def test_the_own_root_is_renewed_with_a_new_key_before_it_ends() -> None:
    old = new_ca(4, timedelta(days=100))
    here = world(old)
    here.put(core.POD, pod("a", old))
    here.tick(timedelta(days=79).total_seconds())
    here.settle()
    assert is_same(in_use(here), old)
    here.tick(timedelta(days=2).total_seconds())
    here.settle()
    assert [event.reason for event in here.events] == ["CaRootRenewed", "CaCombinedBundle"]
    assert in_use(here).path == old.path
    here.put(core.POD, pod("a", in_use(here)))
    here.settle()
    moved = in_use(here)
    assert moved.path != old.path
    assert moved.issuer.certificate.public_key() != old.issuer.certificate.public_key()
    assert set(moved.bundle.roots) == {*moved.path, *old.path}


def test_a_lost_secret_is_written_anew_and_what_was_trusted_stays_trusted() -> None:
    cluster = Cluster.of([(core.CONFIG_MAP, _of_mesh(root_config_map(BROUGHT, "istio-system")))])
    step = next_step(make_smcp(), OWN, cluster, now=NOW)
    assert step.ca is not None
    assert (step.ca.path, step.ca.bundle) == (OWN.path, OWN.bundle.union(BROUGHT.bundle))
    foreign = Cluster.of([(core.CONFIG_MAP, root_config_map(BROUGHT, "istio-system"))])
    assert next_step(make_smcp(), OWN, foreign, now=NOW).ca == OWN


def _of_mesh(config_map: Manifest) -> Manifest:
    annotations = config_map["metadata"]["annotations"] | {"hauberk.io/mesh": "istio-system/basic"}
    return config_map | {"metadata": config_map["metadata"] | {"annotations": annotations}}


def test_without_a_wish_what_is_in_use_stays() -> None:
    assert next_step(make_smcp(), None, Cluster(), now=NOW).ca is None
    here = world()
    step = next_step(make_smcp(), None, here.cluster, now=NOW)
    assert step.ca is not None
    assert (is_same(step.ca, OWN), step.actions) == (True, ())


def test_only_pods_of_the_mesh_with_a_running_envoy_are_waited_for() -> None:
    stranger = pod("stranger")
    stranger["metadata"]["annotations"]["hauberk.io/mesh"] = "other/mesh"
    ended = pod("ended", OWN) | {"status": {"phase": "Succeeded", "containerStatuses": RUNNING}}
    starting = pod("starting") | {"status": {"phase": "Pending"}}
    native = pod("native") | {"status": {"initContainerStatuses": RUNNING}}
    cluster = Cluster.of((core.POD, one) for one in (pod("a", OWN), stranger, ended, starting, native))
    found = holdings(Mesh("istio-system", "basic"), cluster)
    assert set(found) == {"istio-system/a", "istio-system/native"}
    assert found["istio-system/native"] is None


def test_many_that_are_waited_for_are_counted() -> None:
    here = world()
    for number in range(7):
        here.put(core.POD, pod(f"p{number}"))
    here.put(core.SECRET, cacerts(replace(BROUGHT)))
    here.settle()
    listed = ", ".join(f"istio-system/p{number}" for number in range(5))
    assert rotation(here) == f"{COMBINED}; waiting for {listed} and 2 more"
