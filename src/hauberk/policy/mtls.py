"""Effective PeerAuthentication: what a workload, and each of its ports, accepts, and which object decided that.

Source: Istio pilot/pkg/security/authn/policy_applier.go `ComposePeerAuthentication`, model/authentication.go (facts/istio-mtls.md 1.1).
Rules: workload over namespace over mesh; UNSET inherits; nothing said is PERMISSIVE; in one scope the oldest wins whole; a policy
with a selector in the root namespace is skipped; port modes count only in the one workload policy that was chosen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hauberk.model.objects import ObjectRef
from hauberk.model.security import MtlsMode, PeerAuthentication
from hauberk.model.workload import Workload
from hauberk.policy.selectors import selects

__all__ = ["ModeDecision", "PeerAuthenticationIndex", "Scope", "WorkloadModes", "namespace_mode", "workload_modes"]


class Scope(StrEnum):
    """How wide the rule that decided reaches."""

    DEFAULT = "default"
    """No policy says anything: PERMISSIVE."""
    MESH = "mesh"
    NAMESPACE = "namespace"
    WORKLOAD = "workload"
    PORT = "port"


@dataclass(frozen=True, slots=True)
class ModeDecision:
    """A mode (never UNSET), the scope that decided it, and the object (None: the default)."""

    mode: MtlsMode
    scope: Scope = Scope.DEFAULT
    decided_by: ObjectRef | None = None

    def __str__(self) -> str:
        """`STRICT by mesh PeerAuthentication istio-system/default`."""
        return f"{self.mode} by {self.scope}" + (f" {self.decided_by}" if self.decided_by else "")


_DEFAULT = ModeDecision(MtlsMode.PERMISSIVE)


@dataclass(frozen=True, slots=True)
class WorkloadModes:
    """The modes of one workload: `ports` holds only ports (workload ports) about which its policy says something of its own."""

    workload: ModeDecision
    ports: Mapping[int, ModeDecision] = field(default_factory=dict)

    def for_port(self, port: int) -> ModeDecision:
        """What the workload accepts on `port` (workload port)."""
        return self.ports.get(port, self.workload)


@dataclass(frozen=True, slots=True)
class PeerAuthenticationIndex:
    """The policies that count, by scope; of each scope but the workloads' only the oldest."""

    mesh: PeerAuthentication | None = None
    namespaces: Mapping[str, PeerAuthentication] = field(default_factory=dict)
    selecting: Mapping[str, tuple[PeerAuthentication, ...]] = field(default_factory=dict)
    """By namespace, oldest first; never the root namespace."""

    @classmethod
    def of(cls, policies: Iterable[PeerAuthentication], root_namespace: str) -> "PeerAuthenticationIndex":
        """Sort `policies` into their scopes."""
        mesh: PeerAuthentication | None = None
        namespaces: dict[str, PeerAuthentication] = {}
        selecting: dict[str, list[PeerAuthentication]] = {}
        for policy in sorted(policies, key=lambda policy: policy.age_order):
            if policy.selector:
                if policy.namespace != root_namespace:
                    selecting.setdefault(policy.namespace, []).append(policy)
            elif policy.namespace == root_namespace:
                mesh = mesh or policy
            else:
                namespaces.setdefault(policy.namespace, policy)
        return cls(mesh, namespaces, {namespace: tuple(found) for namespace, found in selecting.items()})

    def for_workload(self, workload: Workload) -> PeerAuthentication | None:
        """The one policy with a selector that governs `workload`."""
        candidates = self.selecting.get(workload.namespace, ())
        return next((policy for policy in candidates if selects(policy.selector, workload.labels)), None)


def namespace_mode(index: PeerAuthenticationIndex, namespace: str) -> ModeDecision:
    """What holds in `namespace` where no workload policy does; also the service-level mode that auto mTLS looks at."""
    decision = _decide(_DEFAULT, index.mesh, Scope.MESH)
    return _decide(decision, index.namespaces.get(namespace), Scope.NAMESPACE)


def workload_modes(index: PeerAuthenticationIndex, workload: Workload) -> WorkloadModes:
    """What `workload` accepts, in general and on each port that its policy names."""
    policy = index.for_workload(workload)
    decision = _decide(namespace_mode(index, workload.namespace), policy, Scope.WORKLOAD)
    if policy is None:
        return WorkloadModes(decision)
    ports = {
        port: ModeDecision(mode, Scope.PORT, policy.ref) for port, mode in sorted(policy.port_modes.items()) if mode is not MtlsMode.UNSET
    }
    return WorkloadModes(decision, ports)


def _decide(inherited: ModeDecision, policy: PeerAuthentication | None, scope: Scope) -> ModeDecision:
    if policy is None or policy.mode is MtlsMode.UNSET:
        return inherited
    return ModeDecision(policy.mode, scope, policy.ref)
