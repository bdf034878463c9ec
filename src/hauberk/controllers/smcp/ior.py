"""IOR ("Istio OpenShift Routing"): a Route for every host of every Gateway, to the Service of the gateway that it selects. Pure.

On where `gateways.openshiftRoute.enabled` says so: by default before v2.5, and off in control planes that are new at v2.5.
Source: maistra/istio pilot/pkg/config/kube/ior/controller.go (2.5), route.go (2.1).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from hauberk.controllers.actions import Action, Create, Delete, Event, Patch
from hauberk.controllers.cluster import Cluster, Key
from hauberk.controllers.controller import Controller, Watch, itself
from hauberk.controllers.mesh.membership import DEFAULT, Mesh, control_plane_of, mesh_of
from hauberk.controllers.objects import annotations_of, covers, is_terminating, labels_of, matches_labels, merge_difference
from hauberk.controllers.smcp.parts import ControlPlane
from hauberk.controllers.smcp.profiles import ProfileUnknown
from hauberk.k8s import core, maistra, networking, route
from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of

__all__ = ["controller", "plan", "route_name"]

_GATEWAY, _SMCP = networking.GATEWAY, maistra.SERVICE_MESH_CONTROL_PLANE
_PREFIX = "maistra.io/"
_GENERATED_BY, _GATEWAY_NAME, _GATEWAY_NAMESPACE = (f"{_PREFIX}{word}" for word in ("generated-by", "gateway-name", "gateway-namespace"))
_GATEWAY_VERSION, _ORIGINAL_HOST, _MANAGE = (f"{_PREFIX}{word}" for word in ("gateway-resourceVersion", "original-host", "manageRoute"))
_IOR = "ior"
_NOT_COPIED = ("kubectl.kubernetes.io", "argocd.argoproj.io", _PREFIX)
_TRUE, _FALSE = ("1", "t", "T", "TRUE", "true", "True"), ("0", "f", "F", "FALSE", "false", "False")
_HASHES_ORIGINAL_FROM = (2, 5)


class _Refused(Exception):
    """No Route can be made; the text is upstream's."""


@dataclass(frozen=True, slots=True)
class _Host:
    """A host as the Gateway says it, and what its server says about TLS."""

    original: str
    tls: Manifest | None

    @property
    def name(self) -> str:
        """The Route's host: `*` is left to the router, `*.x` takes a name of its own, a namespace before a slash is dropped."""
        host = self.original.partition("/")[2] or self.original
        return "" if host == "*" else f"wildcard.{host[2:]}" if host.startswith("*.") else host


def plan(cluster: Cluster, key: Key, _now: datetime) -> Sequence[Action]:
    """The Routes of the Gateway `key`: make, mend, delete."""
    gateway = cluster.get(_GATEWAY, *key)
    try:
        wanted = list(_wanted(gateway, cluster)) if gateway is not None and not is_terminating(gateway) else []
    except _Refused as refused:
        # What was made stays: perhaps its Service is only being replaced.
        return [Event(gateway or {}, "RouteNotMade", str(refused), "Warning")]
    made = {(namespace_of(one), name_of(one)): one for one in _made_for(key, cluster)}
    actions = [action for one in wanted for action in _bring_about(one, gateway or {}, cluster)]
    names = {(namespace_of(one), name_of(one)) for one in wanted}
    gone = [one for place, one in made.items() if place not in names and not is_terminating(one)]
    return [*actions, *(Delete(route.ROUTE, namespace_of(one), name_of(one), uid_of(one)) for one in gone)]


def route_name(gateway: Key, host: str, actual: str, version: tuple[int, int]) -> str:
    """`<namespace>-<gateway>-<16 hex digits>`, of the host as written from v2.5 on, before that of the Route's own."""
    hashed = host if version >= _HASHES_ORIGINAL_FROM else actual or "star"
    return f"{gateway.namespace}-{gateway.name}-{sha256(hashed.encode()).hexdigest()[:16]}"


def _wanted(gateway: Manifest, cluster: Cluster) -> Iterator[Manifest]:
    plane = _plane_of(namespace_of(gateway), cluster)
    if plane is None or not plane.says("gateways.openshiftRoute.enabled", True) or not _is_managed(gateway):
        return
    service = _service(gateway, plane, cluster)
    hosts = {host.original: host for host in _hosts(gateway)}  # of two servers with one host the last decides
    for host in hosts.values():
        yield _route(gateway, host, service, plane)


def _plane_of(namespace: str, cluster: Cluster) -> ControlPlane | None:
    """The control plane that a namespace belongs to, as the home of it or as a member."""
    home = control_plane_of(cluster, namespace)
    mesh = Mesh(namespace, name_of(home)) if home is not None else mesh_of(cluster, namespace)
    smcp = cluster.get(_SMCP, *mesh) if mesh is not None else None
    if smcp is None or is_terminating(smcp):
        return None
    try:
        return ControlPlane.of(smcp, "")
    except ProfileUnknown:  # the control plane's status says so
        return None


def _is_managed(gateway: Manifest) -> bool:
    said = annotations_of(gateway).get(_MANAGE)
    if said is not None and said not in (*_TRUE, *_FALSE):
        raise _Refused(f'could not parse annotation "{_MANAGE}": strconv.ParseBool: parsing "{said}": invalid syntax')
    return said not in _FALSE and _selector(gateway).get("istio") != "egressgateway"


def _selector(gateway: Manifest) -> Mapping[str, str]:
    return (gateway.get("spec") or {}).get("selector") or {}


def _service(gateway: Manifest, plane: ControlPlane, cluster: Cluster) -> Manifest:
    """The first Service, by name, that selects a pod which the Gateway selects; in the mesh's namespaces."""
    selector = _selector(gateway)
    for namespace in [plane.mesh.namespace, *_members(plane, cluster)]:
        pods = [pod for pod in cluster.list(core.POD, namespace) if matches_labels(selector, labels_of(pod))]
        for service in sorted(cluster.list(core.SERVICE, namespace), key=name_of):
            wanted = service["spec"].get("selector") or {}
            if wanted and any(matches_labels(wanted, labels_of(pod)) for pod in pods):
                return service
    written = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
    raise _Refused(f"could not find a service that matches the gateway selector '{written}'")


def _members(plane: ControlPlane, cluster: Cluster) -> list[str]:
    roll = cluster.get(maistra.SERVICE_MESH_MEMBER_ROLL, plane.mesh.namespace, DEFAULT)
    return ((roll or {}).get("status") or {}).get("configuredMembers") or []


def _hosts(gateway: Manifest) -> Iterator[_Host]:
    for server in (gateway.get("spec") or {}).get("servers") or ():
        for host in server.get("hosts") or ():
            yield _Host(host, server.get("tls"))


def _route(gateway: Manifest, host: _Host, service: Manifest, plane: ControlPlane) -> Manifest:
    key = Key(namespace_of(gateway), name_of(gateway))
    labels = {
        _GENERATED_BY: _IOR,
        _GATEWAY_NAME: key.name,
        _GATEWAY_NAMESPACE: key.namespace,
        _GATEWAY_VERSION: gateway["metadata"].get("resourceVersion", ""),
    }
    spec: Manifest = {
        "to": {"kind": "Service", "name": name_of(service), "weight": 100},
        "port": {"targetPort": "https" if host.tls else "http2"},
        "wildcardPolicy": "Subdomain" if host.name.startswith("wildcard.") and "*" in host.original else "None",
    }
    if host.name:
        spec["host"] = host.name
    if host.tls:
        spec["tls"] = {"termination": "passthrough"}
        if host.tls.get("httpsRedirect"):
            spec["tls"]["insecureEdgeTerminationPolicy"] = "Redirect"
    metadata = {
        "name": route_name(key, host.original, host.name, plane.version),
        "namespace": namespace_of(service),
        "labels": _copied(labels_of(gateway)) | labels,
        "annotations": _copied(annotations_of(gateway)) | {_ORIGINAL_HOST: host.original},
    }
    return {"apiVersion": route.ROUTE.api_version, "kind": route.ROUTE.kind, "metadata": metadata, "spec": spec}


def _copied(words: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in words.items() if not key.startswith(_NOT_COPIED)}


def _bring_about(wanted: Manifest, gateway: Manifest, cluster: Cluster) -> list[Action]:
    live = cluster.get(route.ROUTE, namespace_of(wanted), name_of(wanted))
    if live is None:
        return [Create(route.ROUTE, wanted)]
    if labels_of(live).get(_GENERATED_BY) != _IOR:
        message = f"Route {namespace_of(live)}/{name_of(live)} was made by somebody else, and is left as it is."
        return [Event(gateway, "RouteNotMade", message, "Warning")]
    if covers(live, wanted) or is_terminating(live):
        return []
    merged = live | {"spec": live["spec"] | wanted["spec"]}
    merged["metadata"] = live["metadata"] | {field: wanted["metadata"][field] for field in ("labels", "annotations")}
    # The router's own mark on a host that nobody chose.
    merged["metadata"]["annotations"] = annotations_of(live) | wanted["metadata"]["annotations"]
    return [Patch(route.ROUTE, namespace_of(live), name_of(live), merge_difference(live, merged))]


def _made_for(gateway: Key, cluster: Cluster) -> list[Manifest]:
    marks = {_GENERATED_BY: _IOR, _GATEWAY_NAME: gateway.name, _GATEWAY_NAMESPACE: gateway.namespace}
    return [one for one in cluster.list(route.ROUTE) if matches_labels(marks, labels_of(one))]


# -- The controller ---------------------------------------------------------------------------------------------------
def _all(_obj: Manifest, cluster: Cluster) -> list[Key]:
    return [Key(namespace_of(one), name_of(one)) for one in cluster.list(_GATEWAY)]


def _gateways_of_pod(pod: Manifest, cluster: Cluster) -> list[Key]:
    chosen = [one for one in cluster.list(_GATEWAY) if _selector(one) and matches_labels(_selector(one), labels_of(pod))]
    return [Key(namespace_of(one), name_of(one)) for one in chosen]


def _gateway_of_route(made: Manifest, _cluster: Cluster) -> Iterable[Key]:
    labels = labels_of(made)
    return [Key(labels[_GATEWAY_NAMESPACE], labels[_GATEWAY_NAME])] if labels.get(_GENERATED_BY) == _IOR else ()


def controller() -> Controller:
    """The controller."""
    watches = (
        Watch(_GATEWAY, itself),
        Watch(route.ROUTE, _gateway_of_route),
        Watch(core.POD, _gateways_of_pod),
        Watch(core.SERVICE, _all),
        Watch(_SMCP, _all),
        Watch(maistra.SERVICE_MESH_MEMBER_ROLL, _all),
        Watch(maistra.SERVICE_MESH_MEMBER, _all),
    )
    return Controller("ior-controller", watches, plan)
