"""Pod -> Workload."""

from hauberk import names
from hauberk.k8s.fields import integer, items, mapping, text, text_map
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.model.mesh import InboundProtocol
from hauberk.model.objects import Labels
from hauberk.model.workload import ContainerPort, Workload

__all__ = ["parse_workload"]

_FINISHED = frozenset({"Succeeded", "Failed"})


def parse_workload(pod: Manifest) -> Workload | None:
    """The workload that a Pod is; None while it has no address, when it has finished, and on the host's network.

    Pods on the host's network share one address, so that none of them can be told by it; the mesh leaves them alone.
    """
    spec, status = mapping(pod, "spec"), mapping(pod, "status")
    address = text(status, "podIP")
    if not address or status.get("phase") in _FINISHED or spec.get("hostNetwork"):
        return None
    labels = text_map(pod, "metadata", "labels")
    return Workload(
        namespace=namespace_of(pod),
        name=name_of(pod),
        address=address,
        service_account=text(spec, "serviceAccountName") or "default",
        labels=labels,
        ports=_container_ports(spec),
        tls_mode=labels.get(names.LABEL_TLS_MODE, ""),
        node=text(spec, "nodeName"),
        inbound=InboundProtocol.parse(text_map(pod, "metadata", "annotations").get(names.INBOUND) or labels.get(names.INBOUND, "")),
        canonical_name=_canonical_name(labels, name_of(pod)),
    )


def _container_ports(spec: Manifest) -> tuple[ContainerPort, ...]:
    # Native sidecars are init containers and may declare ports too.
    containers = [*items(spec, "containers"), *items(spec, "initContainers")]
    return tuple(
        ContainerPort(text(port, "name"), integer(port.get("containerPort"), "containerPort"))
        for container in containers
        for port in items(container, "ports")
    )


def _canonical_name(labels: Labels, fallback: str) -> str:
    """Istio's order (pkg/model/labels `CanonicalServiceLabels`)."""
    keys = (names.LABEL_CANONICAL_NAME, "app.kubernetes.io/name", "app")
    return next((labels[key] for key in keys if labels.get(key)), fallback)
