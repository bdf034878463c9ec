"""EndpointSlices: where the pods behind a Service are, up to 100 in a slice, one change touching one slice. Pure.

Source: kubernetes pkg/controller/endpointslice and staging/src/k8s.io/endpointslice.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from hauberk.controllers.actions import Action, Create, Delete, Update
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller, Watch, itself
from hauberk.controllers.objects import is_terminating, labels_of, owner_reference, reference_to
from hauberk.controllers.workloads.pods import is_ready
from hauberk.controllers.workloads.service_pods import PodPort, has_selector, is_headless, pod_ports, pods_behind, services_of_pod
from hauberk.k8s import core, discovery
from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of

__all__ = ["CONTROLLER", "LABEL_SERVICE", "plan"]

LABEL_SERVICE = "kubernetes.io/service-name"
_LABEL_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_MANAGER = "endpointslice-controller.k8s.io"
_LABEL_HEADLESS = "service.kubernetes.io/headless"
_MOST_ENDPOINTS = 100


def plan(cluster: Cluster, key: Key, _now: datetime) -> Sequence[Action]:
    """Bring the slices of the Service `key` up to date."""
    service = cluster.get(core.SERVICE, *key)
    slices = [one for one in cluster.list(discovery.ENDPOINT_SLICE, key.namespace) if _is_ours(one, key.name) and not is_terminating(one)]
    if service is None or is_terminating(service) or not has_selector(service):
        return [_delete(one) for one in slices]
    # A named target port may be another number in each pod; a slice has one set of ports.
    wanted: dict[tuple[PodPort, ...], list[Manifest]] = {}
    for pod in pods_behind(service, cluster):
        wanted.setdefault(pod_ports(service, pod), []).append(_endpoint(service, pod))
    # A Service without pods keeps one slice without endpoints, so that "nobody" can be told from "not known yet".
    return _reconcile(service, slices, wanted or {(): []})


def _is_ours(endpoint_slice: Manifest, service: str) -> bool:
    labels = labels_of(endpoint_slice)
    return labels.get(LABEL_SERVICE) == service and labels.get(_LABEL_MANAGED_BY) == _MANAGER


def _endpoint(service: Manifest, pod: Manifest) -> Manifest:
    # It leaves `ready` the moment it is told to end: who is asked after that may find nobody.
    terminating, serving = is_terminating(pod), is_ready(pod)
    published = bool(service["spec"].get("publishNotReadyAddresses"))
    endpoint: Manifest = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": published or (serving and not terminating), "serving": published or serving, "terminating": terminating},
        "targetRef": reference_to(core.POD, pod),
    }
    if node := pod["spec"].get("nodeName"):
        endpoint["nodeName"] = node
    if pod["spec"].get("hostname") and pod["spec"].get("subdomain") == name_of(service):
        endpoint["hostname"] = pod["spec"]["hostname"]
    return endpoint


def _reconcile(service: Manifest, slices: Sequence[Manifest], wanted: dict[tuple[PodPort, ...], list[Manifest]]) -> list[Action]:
    actions: list[Action] = []
    left = sorted(slices, key=name_of)
    for ports, endpoints in wanted.items():
        written = [_port_manifest(port) for port in ports]
        group = [one for one in left if (one.get("ports") or []) == written]
        left = [one for one in left if one not in group]
        actions += _fill(service, group, endpoints, written)
    return [*actions, *map(_delete, left)]


def _fill(service: Manifest, slices: Sequence[Manifest], endpoints: Sequence[Manifest], ports: list[Manifest]) -> list[Action]:
    """Endpoints stay in the slice they are in; new ones fill what is free, then new slices; slices left empty go."""
    # By uid and not by address: an address may have passed on to another pod by now.
    homeless = {endpoint["targetRef"]["uid"]: endpoint for endpoint in endpoints}
    contents: list[list[Manifest]] = []
    for one in slices:
        known = [endpoint.get("targetRef", {}).get("uid") for endpoint in one.get("endpoints") or ()]
        contents.append([homeless.pop(uid) for uid in known if uid in homeless])
    new = list(homeless.values())
    for content in contents:
        free = _MOST_ENDPOINTS - len(content)
        content.extend(new[:free])
        new = new[free:]
    actions: list[Action] = []
    keep_one_empty = not endpoints
    for one, content in zip(slices, contents, strict=True):
        if content or keep_one_empty:
            keep_one_empty = keep_one_empty and bool(content)
            actions += _update(service, one, content)
        else:
            actions.append(_delete(one))
    chunks = [new[start : start + _MOST_ENDPOINTS] for start in range(0, len(new), _MOST_ENDPOINTS)]
    return [*actions, *(_create(service, chunk, ports) for chunk in (chunks or ([[]] if keep_one_empty else [])))]


def _update(service: Manifest, known: Manifest, endpoints: list[Manifest]) -> list[Action]:
    labels = _labels(service)
    if (known.get("endpoints") or []) == endpoints and labels_of(known) == labels:
        return []
    metadata = known["metadata"] | {"labels": labels}
    return [Update(discovery.ENDPOINT_SLICE, known | {"metadata": metadata, "endpoints": endpoints})]


def _create(service: Manifest, endpoints: list[Manifest], ports: list[Manifest]) -> Create:
    metadata = {
        "generateName": f"{name_of(service)}-",
        "namespace": namespace_of(service),
        "labels": _labels(service),
        "ownerReferences": [owner_reference(core.SERVICE, service)],
    }
    return Create(
        discovery.ENDPOINT_SLICE,
        {
            "apiVersion": discovery.ENDPOINT_SLICE.api_version,
            "kind": "EndpointSlice",
            "metadata": metadata,
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": ports,
        },
    )


def _delete(endpoint_slice: Manifest) -> Delete:
    return Delete(discovery.ENDPOINT_SLICE, namespace_of(endpoint_slice), name_of(endpoint_slice), uid_of(endpoint_slice))


def _labels(service: Manifest) -> dict[str, str]:
    """The Service's labels and those that say whose slice it is."""
    own = {LABEL_SERVICE: name_of(service), _LABEL_MANAGED_BY: _MANAGER}
    return labels_of(service) | own | ({_LABEL_HEADLESS: ""} if is_headless(service) else {})


def _port_manifest(port: PodPort) -> Manifest:
    written: Manifest = {"name": port.name, "port": port.port, "protocol": port.protocol}
    return written | ({"appProtocol": port.app_protocol} if port.app_protocol else {})


def _service_of_slice(endpoint_slice: Manifest, _cluster: Cluster) -> Iterable[Key]:
    name = labels_of(endpoint_slice).get(LABEL_SERVICE)
    return (Key(namespace_of(endpoint_slice), name),) if name else ()


_WATCHES = (Watch(core.SERVICE, itself), Watch(core.POD, services_of_pod), Watch(discovery.ENDPOINT_SLICE, _service_of_slice))
CONTROLLER = Controller("endpoint-slice-controller", _WATCHES, plan)
