"""Which pods serve a Service, and on which of their ports. Pure; shared by EndpointSlices and Endpoints."""

from collections.abc import Iterable
from typing import NamedTuple

from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.objects import labels_of, matches_labels
from hauberk.controllers.workloads.pods import container_port, is_finished
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest, name_of, namespace_of

__all__ = ["PodPort", "has_selector", "is_headless", "pod_ports", "pods_behind", "services_of_pod"]


class PodPort(NamedTuple):
    """A Service's port as one pod serves it."""

    name: str
    port: int
    protocol: str
    app_protocol: str | None


def has_selector(service: Manifest) -> bool:
    """Whether its endpoints are ours to write; without a selector they are the user's, an ExternalName has none."""
    return bool(service["spec"].get("selector")) and service["spec"].get("type") != "ExternalName"


def is_headless(service: Manifest) -> bool:
    """Whether it has no virtual address."""
    return bool(service["spec"].get("clusterIP") == "None")


def pods_behind(service: Manifest, cluster: Cluster) -> list[Manifest]:
    """The selected pods that have an address and did not end, by name."""
    selector = service["spec"]["selector"]
    pods = cluster.list(core.POD, namespace_of(service))
    serving = [pod for pod in pods if matches_labels(selector, labels_of(pod)) and pod.get("status", {}).get("podIP")]
    return sorted((pod for pod in serving if not is_finished(pod)), key=name_of)


def pod_ports(service: Manifest, pod: Manifest) -> tuple[PodPort, ...]:
    """The Service's ports resolved for this pod; a named target that no container declares is left out."""
    ports = (_resolve(port, pod) for port in service["spec"].get("ports") or ())
    return tuple(port for port in ports if port is not None)


def _resolve(port: Manifest, pod: Manifest) -> PodPort | None:
    protocol, target = port.get("protocol", "TCP"), port.get("targetPort") or port["port"]
    number = target if isinstance(target, int) else container_port(pod, target, protocol)
    return None if number is None else PodPort(port.get("name", ""), number, protocol, port.get("appProtocol"))


def services_of_pod(pod: Manifest, cluster: Cluster) -> Iterable[Key]:
    """The Services that select the pod."""
    namespace, labels = namespace_of(pod), labels_of(pod)
    services = cluster.list(core.SERVICE, namespace)
    return [Key(namespace, name_of(one)) for one in services if has_selector(one) and matches_labels(one["spec"]["selector"], labels)]
