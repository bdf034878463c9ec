"""Endpoints: the older form of EndpointSlices, one object a Service, for clients that still read it. Pure.

Source: kubernetes pkg/controller/endpoint.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hauberk.controllers.actions import Action, Create, Delete, Update
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller, Watch, itself
from hauberk.controllers.objects import is_terminating, labels_of, reference_to
from hauberk.controllers.workloads.pods import is_ready
from hauberk.controllers.workloads.service_pods import PodPort, has_selector, is_headless, pod_ports, pods_behind, services_of_pod
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest, uid_of

__all__ = ["CONTROLLER", "plan"]

_LABEL_HEADLESS = "service.kubernetes.io/headless"
_LABEL_MANAGED_BY = "endpoints.kubernetes.io/managed-by"
_MANAGER = "endpoint-controller"


def plan(cluster: Cluster, key: Key, _now: datetime) -> Sequence[Action]:
    """Bring the Endpoints of the Service `key` up to date; those that a user wrote for a Service without selector stay."""
    service, known = cluster.get(core.SERVICE, *key), cluster.get(core.ENDPOINTS, *key)
    if service is None or is_terminating(service):
        ours = known is not None and labels_of(known).get(_LABEL_MANAGED_BY) == _MANAGER
        # No owner reference upstream, so no garbage collector takes them along.
        return (Delete(core.ENDPOINTS, key.namespace, key.name, uid_of(known)),) if known is not None and ours else ()
    if not has_selector(service):
        return ()
    labels = labels_of(service) | {_LABEL_MANAGED_BY: _MANAGER} | ({_LABEL_HEADLESS: ""} if is_headless(service) else {})
    subsets = _subsets(service, cluster)
    if known is None:
        metadata = {"name": key.name, "namespace": key.namespace, "labels": labels}
        return (Create(core.ENDPOINTS, _with_subsets({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata}, subsets)),)
    if (known.get("subsets") or []) == subsets and labels_of(known) == labels:
        return ()
    return (Update(core.ENDPOINTS, _with_subsets(known | {"metadata": known["metadata"] | {"labels": labels}}, subsets)),)


def _with_subsets(endpoints: Manifest, subsets: list[Manifest]) -> Manifest:
    rest = {field: value for field, value in endpoints.items() if field != "subsets"}
    return rest | ({"subsets": subsets} if subsets else {})


def _subsets(service: Manifest, cluster: Cluster) -> list[Manifest]:
    """Pods with the same ports in one subset; those being deleted are left out."""
    published = bool(service["spec"].get("publishNotReadyAddresses"))
    by_ports: dict[tuple[PodPort, ...], dict[str, list[Any]]] = {}
    for pod in pods_behind(service, cluster):
        if is_terminating(pod) and not published:
            continue
        subset = by_ports.setdefault(pod_ports(service, pod), {"addresses": [], "notReadyAddresses": []})
        subset["addresses" if published or is_ready(pod) else "notReadyAddresses"].append(_address(pod))
    return [
        {field: addresses for field, addresses in subset.items() if addresses} | ({"ports": list(map(_port, ports))} if ports else {})
        for ports, subset in sorted(by_ports.items(), key=lambda item: str(item[0]))
    ]


def _address(pod: Manifest) -> Manifest:
    address: Manifest = {"ip": pod["status"]["podIP"], "targetRef": reference_to(core.POD, pod)}
    node = pod["spec"].get("nodeName")
    return address | ({"nodeName": node} if node else {})


def _port(port: PodPort) -> Manifest:
    written: Manifest = {"port": port.port, "protocol": port.protocol}
    written |= {"name": port.name} if port.name else {}
    return written | ({"appProtocol": port.app_protocol} if port.app_protocol else {})


_WATCHES = (Watch(core.SERVICE, itself), Watch(core.POD, services_of_pod), Watch(core.ENDPOINTS, itself))
CONTROLLER = Controller("endpoint-controller", _WATCHES, plan)
