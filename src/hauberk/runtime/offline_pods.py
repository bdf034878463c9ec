"""Pods out of manifests that nobody runs: each with an address, and with a sidecar where it would get one. Pure.

A workload (Deployment and its like) is stood for by one pod of its template, under the workload's name. Addresses that a cluster
would give are counted out in the order of names, so that the same files always give the same configuration.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address

from hauberk import names
from hauberk.controllers.injection import inject_sidecar
from hauberk.controllers.objects import annotations_of, labels_of
from hauberk.k8s.kind import Kind, Manifest, name_of, namespace_of
from hauberk.policy.injection import Metadata, should_inject

__all__ = ["ISTIO_MESH", "ManifestReader", "addressed", "pods_of", "with_cluster_ips"]

ISTIO_MESH = "istio-system/default"
"""The mesh where no ServiceMeshControlPlane says otherwise: Istio's defaults."""
_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"})
_PODS_FROM, _SERVICES_FROM = IPv4Address("10.244.0.1"), IPv4Address("10.96.0.11")
_SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})
_YES = frozenset({"y", "yes", "true", "on"})


class ManifestReader:
    """Looks manifests up, as a cluster would; namespaced ones have their namespace."""

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        self._found = {(one["apiVersion"], one["kind"], namespace_of(one), name_of(one)): one for one in manifests}

    def get(self, kind: Kind, namespace: str, name: str, /) -> Manifest | None:
        """One object, or None."""
        return self._found.get((kind.api_version, kind.kind, namespace if kind.namespaced else "", name))

    def list(self, kind: Kind, namespace: str | None = None, /) -> Sequence[Manifest]:
        """All objects of a kind, in one namespace or in all."""
        wanted = (kind.api_version, kind.kind)
        return [one for key, one in self._found.items() if key[:2] == wanted and namespace in (None, key[2])]


def pods_of(manifests: Iterable[Manifest], reader: ManifestReader, *, openshift: bool, version: str) -> list[Manifest]:
    """All pods, with their sidecars, sorted by namespace and name.

    `openshift`: a ServiceMeshControlPlane among the manifests decides who gets a sidecar; otherwise Istio's labels do. `version` is
    the tag of the proxy's image. Raises: ConfigError where an annotation for the sidecar is malformed.
    """
    bare = sorted(_bare_pods(manifests), key=lambda pod: (namespace_of(pod), name_of(pod)))
    namespaces = {name_of(one): one for one in manifests if one["kind"] == "Namespace"}
    if openshift:
        return [inject_sidecar(pod, reader, version=version) or pod for pod in bare]
    return [_with_istio_labels(pod) if _istio_injects(pod, namespaces.get(namespace_of(pod), {})) else pod for pod in bare]


def _bare_pods(manifests: Iterable[Manifest]) -> Iterator[Manifest]:
    for one in manifests:
        if one["kind"] == "Pod":
            yield one
        elif one["kind"] in _WORKLOADS:
            template = one.get("spec", {}).get("template") or {}
            metadata = {**(template.get("metadata") or {}), "name": name_of(one), "namespace": namespace_of(one)}
            yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template.get("spec") or {"containers": []}}


def _istio_injects(pod: Manifest, namespace: Manifest) -> bool:
    """Istio's rules: the namespace's labels `istio-injection` and `istio.io/rev`, and the pod's own word."""
    if any(container.get("name") == names.PROXY_CONTAINER for container in pod["spec"].get("containers") or ()):
        return True
    if namespace_of(pod) in _SYSTEM_NAMESPACES:
        return False
    home = labels_of(namespace)
    enabled = home.get("istio-injection") == "enabled" or ("istio.io/rev" in home and "istio-injection" not in home)
    annotations = annotations_of(pod)
    if not enabled and str(annotations.get(names.INJECT, "")).lower() in _YES:
        annotations = {key: value for key, value in annotations.items() if key != names.INJECT}  # its webhook is not even asked
    wanted = Metadata(labels_of(pod), annotations, bool(pod["spec"].get("hostNetwork")))
    return should_inject(wanted, Metadata(home, annotations_of(namespace)), ISTIO_MESH, auto_inject=enabled).inject


def _with_istio_labels(pod: Manifest) -> Manifest:
    labels = labels_of(pod)
    name = next((labels[key] for key in ("app.kubernetes.io/name", "app") if labels.get(key)), name_of(pod))
    added = {names.LABEL_CANONICAL_NAME: name, names.LABEL_CANONICAL_REVISION: labels.get("version", "latest")}
    metadata = {**pod["metadata"], "labels": {**added, **labels, names.LABEL_TLS_MODE: names.TLS_MODE_ISTIO}}
    return {**pod, "metadata": metadata}


def addressed(pods: Iterable[Manifest]) -> list[Manifest]:
    """The pods, each running at an address: its own where the manifest has one."""
    pods = list(pods)
    free = _addresses(_PODS_FROM, {_given(pod, "status", "podIP") for pod in pods})
    return [_running(pod, _given(pod, "status", "podIP") or next(free)) for pod in pods]


def _running(pod: Manifest, address: str) -> Manifest:
    return {**pod, "status": {"phase": "Running", **(pod.get("status") or {}), "podIP": address}}


def with_cluster_ips(services: Iterable[Manifest]) -> list[Manifest]:
    """The Services, each with a cluster IP where it is to have one."""
    services = sorted(services, key=lambda service: (namespace_of(service), name_of(service)))
    free = _addresses(_SERVICES_FROM, {_given(service, "spec", "clusterIP") for service in services})
    return [{**service, "spec": {**service["spec"], "clusterIP": next(free)}} if _wants_ip(service) else service for service in services]


def _wants_ip(service: Manifest) -> bool:
    return not _given(service, "spec", "clusterIP") and service.get("spec", {}).get("type") != "ExternalName"


def _given(obj: Manifest, part: str, field: str) -> str:
    values: Mapping[str, object] = obj.get(part) or {}
    return str(values.get(field) or "")


def _addresses(first: IPv4Address, taken: set[str]) -> Iterator[str]:
    address = first
    while True:
        if str(address) not in taken:
            yield str(address)
        address += 1
