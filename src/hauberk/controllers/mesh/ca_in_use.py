"""The CA in use, kept in Secret `hauberk-ca-in-use`, and its way to the one that is wanted. Pure.

The Secret is the whole state of a rotation, so that a control plane that is restarted in the middle goes on where it was, and
so that the CA in use stays in use while `cacerts` holds something that cannot be used.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hauberk import names
from hauberk.controllers.actions import Action, Create, Event, Update
from hauberk.controllers.cluster import Cluster
from hauberk.controllers.mesh.membership import Mesh, trust_domain_of
from hauberk.controllers.objects import annotations_of, owner_reference
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.model.identity import IdentityError, TrustDomain
from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import CertificateRefused
from hauberk.pki.rotation import Held, Rotation, Step, is_same, plan_rotation
from hauberk.pki.secrets import bundle_in_config_map, ca_in_use, ca_in_use_secret

__all__ = ["NextStep", "holdings", "in_use_of", "next_step", "rotation_of"]

_NAMED: Final = 5
"""How many of the workloads that are waited for are named."""
_WORDS: Final[Mapping[Step, str]] = {
    Step.COMBINED: "step 1 of 3: old and new roots are handed out, the old CA still signs",
    Step.NEW_SIGNER: "step 2 of 3: the new CA signs, old and new roots are trusted",
    Step.DONE: "step 3 of 3: the new CA signs, and its roots alone are trusted",
}


@dataclass(frozen=True, slots=True)
class NextStep:
    """`ca` signs from now on (None: there is none yet), `actions` write that down."""

    ca: SigningCa | None
    actions: tuple[Action, ...] = ()
    look_again: timedelta | None = None


def in_use_of(smcp: Manifest, cluster: Cluster) -> SigningCa | None:
    """The CA that signs for a mesh now, None where there is none or its Secret cannot be read."""
    secret = cluster.get(core.SECRET, namespace_of(smcp), names.CA_IN_USE_SECRET)
    try:
        return ca_in_use(secret, TrustDomain(trust_domain_of(smcp))) if secret is not None else None
    except IdentityError:  # choose_ca says so
        return None


def rotation_of(smcp: Manifest, cluster: Cluster) -> str:
    """How far a change of the CA is, in words; empty where there is none."""
    secret = cluster.get(core.SECRET, namespace_of(smcp), names.CA_IN_USE_SECRET)
    return annotations_of(secret).get(names.ANNOTATION_ROTATION, "") if secret is not None else ""


def next_step(smcp: Manifest, target: SigningCa | None, cluster: Cluster, *, now: datetime) -> NextStep:
    """The next step towards `target`; None leaves what is in use in use."""
    in_use = in_use_of(smcp, cluster)
    if target is None:
        return NextStep(in_use)
    if in_use is None:
        first = _first(smcp, target, cluster)
        return NextStep(first, _write(smcp, first, "", cluster))
    rotation = plan_rotation(in_use, target, holdings(Mesh(namespace_of(smcp), name_of(smcp)), cluster), now)
    text = _describe(rotation)
    if is_same(rotation.ca, in_use) and text == rotation_of(smcp, cluster):
        return NextStep(in_use, look_again=rotation.look_again)
    events = () if is_same(rotation.ca, in_use) else (Event(smcp, f"Ca{rotation.step}", f"Change of the CA, {_WORDS[rotation.step]}."),)
    return NextStep(rotation.ca, (*_write(smcp, rotation.ca, text, cluster), *events), rotation.look_again)


def holdings(mesh: Mesh, cluster: Cluster) -> dict[str, Held | None]:
    """What each workload of a mesh with a running Envoy has, by `namespace/pod`.

    A pod whose Envoy has not started reads the roots when it does, and is not waited for: it may be stuck for reasons of its own.
    """
    pods = [pod for pod in cluster.list(core.POD) if annotations_of(pod).get(names.ANNOTATION_MESH) == str(mesh) and _has_envoy(pod)]
    return {f"{namespace_of(pod)}/{name_of(pod)}": Held.parse(annotations_of(pod).get(names.ANNOTATION_CERTIFICATE, "")) for pod in pods}


def _has_envoy(pod: Manifest) -> bool:
    status = pod.get("status") or {}
    if status.get("phase") in ("Succeeded", "Failed"):
        return False
    containers = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    return any(one.get("name") == names.PROXY_CONTAINER and "running" in (one.get("state") or {}) for one in containers)


def _first(smcp: Manifest, target: SigningCa, cluster: Cluster) -> SigningCa:
    """`target`, trusted together with the roots that were handed out before: the Secret may have been lost, or never been written."""
    published = cluster.get(core.CONFIG_MAP, namespace_of(smcp), names.ROOT_CONFIG_MAP)
    mesh = f"{namespace_of(smcp)}/{name_of(smcp)}"
    if published is None or annotations_of(published).get(names.ANNOTATION_MESH) != mesh:
        return target
    try:
        return replace(target, bundle=target.bundle.union(bundle_in_config_map(published, target.trust_domain)))
    except CertificateRefused:
        return target


def _describe(rotation: Rotation) -> str:
    if rotation.step is Step.DONE:
        return ""
    named, more = rotation.waiting[:_NAMED], len(rotation.waiting) - _NAMED
    waiting = ", ".join(named) + (f" and {more} more" if more > 0 else "")
    return f"{_WORDS[rotation.step]}; waiting for {waiting}" if waiting else _WORDS[rotation.step]


def _write(smcp: Manifest, ca: SigningCa, rotation: str, cluster: Cluster) -> tuple[Action, ...]:
    secret = ca_in_use_secret(ca, namespace_of(smcp), rotation=rotation)
    secret["metadata"]["ownerReferences"] = [owner_reference(maistra.SERVICE_MESH_CONTROL_PLANE, smcp)]
    known = cluster.get(core.SECRET, namespace_of(smcp), names.CA_IN_USE_SECRET)
    if known is None:
        return (Create(core.SECRET, secret),)
    return (Update(core.SECRET, known | {"metadata": known["metadata"] | secret["metadata"], "data": secret["data"]}),)
