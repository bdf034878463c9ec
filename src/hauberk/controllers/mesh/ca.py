"""The CA of each mesh: which one it is, its self-signed root where it has none, and the roots for every member. Pure.

Which CA: `certificateAuthority.istiod.type` means what it says (facts/ossm.md 5: the real thing never reads it).

    PrivateKey   Secret `cacerts`, which must be there and in order
    SelfSigned   Secret `istio-ca-secret`, made once
    not set      `cacerts` where it is there, else `istio-ca-secret`

A `cacerts` that cannot be used is never replaced by a root of our own: the mesh would trust what its owner did not choose. What
signs at this moment is in Secret `hauberk-ca-in-use`, and follows by the steps of `pki.rotation` (`ca_in_use`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hauberk import names
from hauberk.controllers.actions import Action, Again, Create, Delete, Event, Together, Update
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller, Watch, itself
from hauberk.controllers.mesh.ca_in_use import in_use_of, next_step, rotation_of
from hauberk.controllers.mesh.ca_settings import CaSettings
from hauberk.controllers.mesh.membership import DEFAULT, Mesh, control_plane_of, trust_domain_of
from hauberk.controllers.objects import annotations_of, at, covers, is_terminating
from hauberk.errors import Finding, Level
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of
from hauberk.model.identity import IdentityError, TrustDomain
from hauberk.pki.ca import SigningCa
from hauberk.pki.certificates import CertificateRefused, parse_certificates
from hauberk.pki.plugged import CA_CERT_FILE, CaRefused
from hauberk.pki.revocation import LIST_MARGIN
from hauberk.pki.rotation import needs_new_root
from hauberk.pki.secrets import ca_in_secret, read_cacerts, root_config_map, secret_file

__all__ = ["CaChoice", "NewRoot", "choose_ca", "controller", "observed_ca", "plan"]

NewRoot = Callable[[TrustDomain, str, datetime, timedelta], Manifest]
"""(trust domain, namespace, now, life) -> Secret `istio-ca-secret` with a new root; it makes a key, so it is not pure and is passed in."""


@dataclass(frozen=True, slots=True)
class CaChoice:
    """`secret` is the name of the Secret that is meant; `ca` is None where it is not there yet or `findings` say what is wrong with it."""

    secret: str
    ca: SigningCa | None = None
    findings: tuple[Finding, ...] = ()
    """Errors without a CA; with one, warnings on what of it is left out."""
    in_use: SigningCa | None = None
    """What signs now; None before the first."""
    rotation: str = ""
    """How far the change from `in_use` to `ca` is, in words; empty where there is none."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Why the CA that is asked for cannot be used."""
        return tuple(finding for finding in self.findings if finding.level is Level.ERROR)

    @property
    def is_to_be_made(self) -> bool:
        """Whether a self-signed root is wanted and there is none."""
        return self.ca is None and not self.findings and self.secret == names.CA_SECRET


def choose_ca(smcp: Manifest, cacerts: Manifest | None, own: Manifest | None, *, now: datetime) -> CaChoice:
    """The CA that `smcp` asks for; `cacerts` and `own` (istio-ca-secret) are the Secrets in its namespace."""
    spec = smcp.get("spec") or {}
    asked = at(spec, "security.certificateAuthority.istiod.type")
    secret = names.CACERTS_SECRET if asked == "PrivateKey" or (asked is None and cacerts is not None) else names.CA_SECRET
    if finding := _objection(smcp, cacerts):
        return CaChoice(secret, findings=(finding,))
    try:
        trust_domain = TrustDomain(trust_domain_of(smcp))
        if secret == names.CACERTS_SECRET:
            ca, findings = read_cacerts(cacerts or {}, trust_domain=trust_domain, now=now)
            return CaChoice(secret, ca, findings)
        return CaChoice(secret, ca_in_secret(own, trust_domain=trust_domain, now=now) if own is not None else None)
    except CaRefused as refused:
        return CaChoice(secret, findings=refused.findings)
    except IdentityError as error:
        return CaChoice(secret, findings=(_finding("HBK0412", smcp, "spec.security.trust.domain", str(error), ""),))


def _objection(smcp: Manifest, cacerts: Manifest | None) -> Finding | None:
    """What stands against any CA, before a certificate is looked at."""
    authority = at(smcp.get("spec") or {}, "security.certificateAuthority", {})
    path = "spec.security.certificateAuthority"
    kind = authority.get("type") or "Istiod"
    if kind != "Istiod":
        message = f"{kind} is not implemented yet."
        return _finding("HBK0413", smcp, f"{path}.type", message, "Write Istiod, with istiod.type SelfSigned or PrivateKey.")
    asked = at(authority, "istiod.type")
    if asked not in (None, "SelfSigned", "PrivateKey"):
        message = f"unknown Istiod certificate signer type: {asked}."
        return _finding("HBK0414", smcp, f"{path}.istiod.type", message, "Write SelfSigned or PrivateKey.")
    if asked == "PrivateKey" and cacerts is None:
        message = f"it says PrivateKey, and there is no Secret {namespace_of(smcp)}/{names.CACERTS_SECRET}."
        fix = f"Create it: kubectl create secret generic {names.CACERTS_SECRET} -n {namespace_of(smcp)} --from-file=ca-cert.pem ..."
        return _finding("HBK0411", smcp, f"{path}.istiod.type", message, fix)
    return None


def _finding(code: str, smcp: Manifest, path: str, message: str, fix: str) -> Finding:
    return Finding(code, Level.ERROR, f"ServiceMeshControlPlane {namespace_of(smcp)}/{name_of(smcp)}", path, message, fix)


def observed_ca(smcp: Manifest, cluster: Cluster, *, now: datetime) -> CaChoice:
    """`choose_ca` with the Secrets as they are, and what is in use."""
    namespace = namespace_of(smcp)
    cacerts = cluster.get(core.SECRET, namespace, names.CACERTS_SECRET)
    choice = choose_ca(smcp, cacerts, cluster.get(core.SECRET, namespace, names.CA_SECRET), now=now)
    return replace(choice, in_use=in_use_of(smcp, cluster), rotation=rotation_of(smcp, cluster))


# -- The controller ---------------------------------------------------------------------------------------------------
def plan(cluster: Cluster, key: Key, now: datetime, *, new_root: NewRoot) -> Sequence[Action]:
    """Make the mesh's root where it is missing, and hand its certificate to every configured member."""
    mesh = Mesh(*key)
    smcp = cluster.get(maistra.SERVICE_MESH_CONTROL_PLANE, *key)
    if smcp is None or is_terminating(smcp) or smcp is not control_plane_of(cluster, mesh.namespace):
        return _withdraw(mesh, cluster, keep=())
    choice, settings = observed_ca(smcp, cluster, now=now), CaSettings.of(smcp)
    own = cluster.get(core.SECRET, mesh.namespace, names.CA_SECRET)
    # Members get the root when they are configured, as istiod sees them only then.
    members = [mesh.namespace, *_configured_members(mesh, cluster)]
    if choice.is_to_be_made or (choice.secret == names.CA_SECRET and own is not None and _is_due(smcp, own, settings, now)):
        # The Secret's arrival plans this key again, which then goes over to the new root.
        return _make_root(smcp, own, new_root(TrustDomain(trust_domain_of(smcp)), mesh.namespace, now, settings.root_life))
    step = next_step(smcp, choice.ca, cluster, now=now)
    if step.ca is None:
        return _withdraw(mesh, cluster, keep=members)
    changes = [*_hand_out(mesh, step.ca, members, cluster), *_withdraw(mesh, cluster, keep=members)]
    # The signer before the ConfigMap that says who signs, since workloads ask when they read it.
    return [*step.actions, *([Together(tuple(changes))] if len(changes) > 1 else changes), *_wake(step.look_again, choice, settings, now)]


def _is_due(smcp: Manifest, own: Manifest, settings: CaSettings, now: datetime) -> bool:
    """Whether the mesh's own root is in the last part of its life, or past it."""
    try:
        root, *_ = parse_certificates(secret_file(own, CA_CERT_FILE))
    except CertificateRefused:
        return False  # choose_ca says what is wrong with it
    jitter = settings.jitter(uid_of(smcp), root.not_valid_after_utc - root.not_valid_before_utc)
    return settings.checks_root and needs_new_root(root, now - jitter, share=settings.grace_share)


def _make_root(smcp: Manifest, own: Manifest | None, made: Manifest) -> list[Action]:
    if own is None:
        return [Create(core.SECRET, made)]
    message = "The self-signed root nears its end: a new one, with a new key, takes its place once all workloads trust it."
    return [Update(core.SECRET, own | {"data": made["data"]}), Event(smcp, "CaRootRenewed", message)]


def _wake(look_again: timedelta | None, choice: CaChoice, settings: CaSettings, now: datetime) -> list[Action]:
    """When to plan again though no object changes: the root's age, workloads that settle, revocation lists that end."""
    ends = [crl.next_update_utc - LIST_MARGIN for crl in choice.ca.crls if crl.next_update_utc is not None] if choice.ca else []
    waits = [settings.check_period, *(end - now for end in ends), *([look_again] if look_again is not None else [])]
    return [Again(max(min(waits), timedelta(milliseconds=50)))]


def _configured_members(mesh: Mesh, cluster: Cluster) -> list[str]:
    roll = cluster.get(maistra.SERVICE_MESH_MEMBER_ROLL, mesh.namespace, DEFAULT)
    configured = (roll.get("status") or {}).get("configuredMembers") if roll is not None else None
    return [namespace for namespace in configured or () if _is_open(namespace, cluster)]


def _is_open(namespace: str, cluster: Cluster) -> bool:
    found = cluster.get(core.NAMESPACE, "", namespace)
    return found is not None and not is_terminating(found)


def _hand_out(mesh: Mesh, ca: SigningCa, members: Iterable[str], cluster: Cluster) -> list[Action]:
    actions: list[Action] = []
    for namespace in members:
        wanted = root_config_map(ca, namespace)
        # The annotation tells whose it is, so that it can be taken back; the label is istiod's.
        annotations = wanted["metadata"]["annotations"] | {names.ANNOTATION_MESH: str(mesh)}
        wanted["metadata"] |= {"labels": {"istio.io/config": "true"}, "annotations": annotations}
        known = cluster.get(core.CONFIG_MAP, namespace, names.ROOT_CONFIG_MAP)
        if known is None:
            actions.append(Create(core.CONFIG_MAP, wanted))
        elif known.get("data") != wanted["data"] or not covers(known["metadata"], wanted["metadata"]):
            metadata = known["metadata"] | {field: wanted["metadata"][field] for field in ("labels", "annotations")}
            actions.append(Update(core.CONFIG_MAP, known | {"metadata": metadata, "data": wanted["data"]}))
    return actions


def _withdraw(mesh: Mesh, cluster: Cluster, *, keep: Sequence[str]) -> list[Action]:
    """The root goes from namespaces that left (the real thing forgets it there)."""
    ours = [one for one in cluster.list(core.CONFIG_MAP) if _mesh_of_root(one) == mesh and namespace_of(one) not in keep]
    return [Delete(core.CONFIG_MAP, namespace_of(one), name_of(one), uid_of(one)) for one in ours]


def _mesh_of_root(config_map: Manifest) -> Mesh | None:
    if name_of(config_map) != names.ROOT_CONFIG_MAP:
        return None
    namespace, slash, name = annotations_of(config_map).get(names.ANNOTATION_MESH, "").partition("/")
    return Mesh(namespace, name) if slash else None


def _meshes_of_secret(secret: Manifest, cluster: Cluster) -> Iterable[Key]:
    return _planes_in(secret, cluster) if name_of(secret) in names.CA_SECRETS else ()


def _meshes_of_pod(pod: Manifest, cluster: Cluster) -> Iterable[Key]:
    """The mesh that the pod is part of, while that waits for its workloads: pods change often, and a CA seldom."""
    namespace, _, name = annotations_of(pod).get(names.ANNOTATION_MESH, "").partition("/")
    in_use = cluster.get(core.SECRET, namespace, names.CA_IN_USE_SECRET) if name else None
    return [Key(namespace, name)] if in_use is not None and annotations_of(in_use).get(names.ANNOTATION_ROTATION) else []


def _planes_in(obj: Manifest, cluster: Cluster) -> list[Key]:
    planes = cluster.list(maistra.SERVICE_MESH_CONTROL_PLANE, namespace_of(obj))
    return [Key(namespace_of(plane), name_of(plane)) for plane in planes]


def _meshes_of_root(config_map: Manifest, cluster: Cluster) -> list[Key]:
    """The mesh that wrote it, and that of the namespace: somebody may have deleted or rewritten it."""
    if name_of(config_map) != names.ROOT_CONFIG_MAP:
        return []
    member = cluster.get(maistra.SERVICE_MESH_MEMBER, namespace_of(config_map), DEFAULT)
    reference = (member.get("spec") or {}).get("controlPlaneRef") or {} if member is not None else {}
    meshes = {_mesh_of_root(config_map), Mesh(reference.get("namespace", ""), reference.get("name", ""))}
    return [*_planes_in(config_map, cluster), *(Key(*mesh) for mesh in meshes if mesh is not None and mesh.name)]


def controller(new_root: NewRoot) -> Controller:
    """The controller, which makes roots by `new_root`."""
    watches = (
        Watch(maistra.SERVICE_MESH_CONTROL_PLANE, itself),
        Watch(maistra.SERVICE_MESH_MEMBER_ROLL, _planes_in),
        Watch(core.SECRET, _meshes_of_secret),
        Watch(core.POD, _meshes_of_pod),
        Watch(core.CONFIG_MAP, _meshes_of_root),
    )

    def run(cluster: Cluster, key: Key, now: datetime) -> Sequence[Action]:
        return plan(cluster, key, now, new_root=new_root)

    return Controller("hauberk-ca", watches, run)
