"""Whether a pod gets a sidecar.

Source: Istio pkg/kube/inject `injectRequired`, OpenShift Service Mesh's webhook and `proxy.injection.autoInject` (facts/ossm.md 1.2, 2.4).
"""

from dataclasses import dataclass, field

from hauberk import names
from hauberk.model.objects import Labels

__all__ = ["InjectionDecision", "Metadata", "should_inject"]

_YES = frozenset({"y", "yes", "true", "on"})
_IGNORE_NAMESPACE = "maistra.io/ignore-namespace"
_ISTIO_INJECTION = "istio-injection"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What injection reads of a pod or a namespace."""

    labels: Labels = field(default_factory=dict)
    annotations: Labels = field(default_factory=dict)
    host_network: bool = False
    """Of a pod: it shares the host's network, where nothing may be redirected."""


@dataclass(frozen=True, slots=True)
class InjectionDecision:
    """The answer, and why in words (for the Event and the pod's annotation)."""

    inject: bool
    reason: str


def should_inject(pod: Metadata, namespace: Metadata, mesh: str | None, *, auto_inject: bool) -> InjectionDecision:
    """Whether `pod` gets a sidecar of `mesh` (`namespace/name` of its control plane; None: the namespace is in no mesh).

    The pod's label goes before its annotation; `auto_inject` is what holds where the pod says nothing.
    """
    objection = _objection(pod, namespace, mesh)
    if objection is not None:
        return InjectionDecision(False, objection)
    for where, values in (("label", pod.labels), ("annotation", pod.annotations)):
        asked = values.get(names.INJECT)
        if asked is not None:
            return InjectionDecision(asked.lower() in _YES, f'the pod has the {where} {names.INJECT}: "{asked}"')
    if auto_inject:
        return InjectionDecision(True, f"the mesh {mesh} injects every pod that does not object (autoInject)")
    return InjectionDecision(False, f'the pod does not ask for a sidecar ({names.INJECT}: "true"), and the mesh {mesh} has autoInject off')


def _objection(pod: Metadata, namespace: Metadata, mesh: str | None) -> str | None:
    """What forbids a sidecar whatever the pod says."""
    if mesh is None:
        return "the namespace belongs to no mesh"
    if pod.host_network:
        return "the pod uses the host's network"
    if _IGNORE_NAMESPACE in namespace.labels:
        return f"the namespace has the label {_IGNORE_NAMESPACE}"
    if namespace.labels.get(_ISTIO_INJECTION) == "disabled":
        return f"the namespace has the label {_ISTIO_INJECTION}=disabled"
    return None
