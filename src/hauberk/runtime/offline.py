"""What one Envoy would get, from manifests alone: no API server, no cluster, no running pod. Pure.

    manifests -> the mesh of the proxy's namespace -> pods and Services with addresses -> MeshView -> bootstrap and resources

The mesh is the ServiceMeshControlPlane's that the namespace belongs to, with the policies that the operator would make for it;
where the manifests hold none, it is Istio's default: root namespace `istio-system`, trust domain `cluster.local`, auto mTLS on.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hauberk.controllers.mesh.membership import Mesh, control_plane_of, mesh_of, required_namespaces
from hauberk.controllers.objects import annotations_of, labels_of
from hauberk.controllers.smcp.parts import ControlPlane
from hauberk.controllers.smcp.policies import destination_rules, peer_authentications
from hauberk.envoy.bootstrap import BootstrapInputs, build_bootstrap
from hauberk.envoy.mesh_resources import build_resources
from hauberk.envoy.render import render_resources
from hauberk.errors import ConfigError, NotFoundError
from hauberk.k8s import maistra
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.k8s.parse_mesh import parse_mesh_settings
from hauberk.k8s.registry import ALL_KINDS
from hauberk.model.mesh import MeshSettings
from hauberk.model.objects import ObjectRef
from hauberk.model.proxy import Proxy, ProxyKind
from hauberk.model.service import EndpointSlice, Service, SliceAddress
from hauberk.model.workload import Workload
from hauberk.names import (
    CREDENTIALS_DIR,
    PROXY_CONTAINER,
    ROOT_CERT_FILE,
    SDS_CERTIFICATE,
    SDS_ROOT,
)
from hauberk.runtime.offline_pods import ISTIO_MESH, ManifestReader, addressed, pods_of, with_cluster_ips
from hauberk.view.apply import apply
from hauberk.view.changes import Change, Put
from hauberk.view.manifests import parse_change
from hauberk.view.mesh_view import MeshView, empty_view

__all__ = ["OfflineMesh", "build_proxy", "read_mesh"]


@dataclass(frozen=True, slots=True)
class OfflineMesh:
    """A mesh out of manifests. `pods` are all that are in the manifests or stand for a workload, by namespace and name."""

    view: MeshView
    pods: dict[tuple[str, str], Manifest]
    unused: tuple[str, ...]
    """What cannot be used, and why: one sentence an object."""


def read_mesh(manifests: Iterable[Manifest], namespace: str, *, version: str) -> OfflineMesh:
    """The mesh that pods of `namespace` are in. `version` is the tag of the proxy's image. Raises: ConfigError."""
    objects = [_with_namespace(manifest) for manifest in manifests]
    reader = ManifestReader(objects)
    openshift = bool(reader.list(maistra.SERVICE_MESH_CONTROL_PLANE))
    settings, made = _openshift_mesh(reader, namespace, version) if openshift else (_istio_mesh(objects), [])
    pods = addressed(pods_of(objects, reader, openshift=openshift, version=version))
    known = {(one["kind"], namespace_of(one), name_of(one)) for one in objects}
    rest = [one for one in objects if one["kind"] not in ("Pod", "Service")]
    rest += [one for one in made if (one["kind"], namespace_of(one), name_of(one)) not in known]
    services = with_cluster_ips(one for one in objects if one["kind"] == "Service" and one["apiVersion"] == "v1")
    changes, unused = _changes([*pods, *services, *rest])
    view, _ = apply(empty_view(settings), [*changes, *_slices(changes)])
    return OfflineMesh(view, {(namespace_of(pod), name_of(pod)): pod for pod in pods}, tuple(unused))


def build_proxy(mesh: OfflineMesh, namespace: str, name: str) -> dict[str, Any]:
    """Everything of one Envoy, as Envoy's own JSON: bootstrap, listeners, clusters, routes, endpoints, secrets (never a key).

    Raises: NotFoundError where there is no such pod or workload, ConfigError where it has no Envoy.
    """
    pod = mesh.pods.get((namespace, name))
    if pod is None:
        known = ", ".join(f"{home}/{pod}" for home, pod in sorted(mesh.pods)) or "none at all"
        raise NotFoundError(f"There is no pod or workload {namespace}/{name} in the manifests. There is: {known}.")
    settings = mesh.view.settings
    workload = mesh.view.workload(namespace, name)
    if workload is None:
        raise ConfigError(f"{namespace}/{name} is outside the mesh {settings.root_namespace}/{settings.name}, or on the host's network.")
    kind = _role(pod)
    if kind is ProxyKind.SIDECAR and not workload.has_sidecar:
        raise ConfigError(f'{namespace}/{name} gets no sidecar. Give its pods the label sidecar.istio.io/inject: "true".')
    proxy = Proxy.of(kind, workload)
    bootstrap = build_bootstrap(
        BootstrapInputs(
            proxy,
            settings.root_namespace,
            settings.name,
            trust_domain=settings.trust_domain.name,
            workload_name=name,
            annotations=annotations_of(pod),
        )
    )
    return {"bootstrap": json.loads(bootstrap), **render_resources(build_resources(mesh.view, proxy)), "secrets": _secrets()}


def _secrets() -> list[dict[str, Any]]:
    """Name and validation of what the agent gives to Envoy by files; a key is in none of it."""
    roots = {"trusted_ca": {"filename": f"{CREDENTIALS_DIR}/current/{ROOT_CERT_FILE}"}, "watched_directory": {"path": CREDENTIALS_DIR}}
    return [{"name": SDS_ROOT, "validation_context": roots}, {"name": SDS_CERTIFICATE}]


def _role(pod: Manifest) -> ProxyKind:
    templates = (labels_of(pod) | annotations_of(pod)).get("inject.istio.io/templates", "")
    proxies = [one for one in pod["spec"].get("containers") or () if one.get("name") == PROXY_CONTAINER]
    routes = any("router" in (one.get("args") or ()) for one in proxies)
    return ProxyKind.ROUTER if routes or "gateway" in templates.split(",") else ProxyKind.SIDECAR


# -- The mesh ---------------------------------------------------------------------------------------------------------
_NAMESPACED = {(kind.api_version, kind.kind): kind.namespaced for kind in ALL_KINDS}


def _with_namespace(manifest: Manifest) -> Manifest:
    """The manifest as `kubectl apply` would create it without -n."""
    if namespace_of(manifest) or not _NAMESPACED.get((manifest["apiVersion"], manifest["kind"]), True):
        return manifest
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": "default"}}


def _istio_mesh(objects: Sequence[Manifest]) -> MeshSettings:
    root, _, name = ISTIO_MESH.partition("/")
    return MeshSettings(root, name, members=frozenset(namespace_of(one) for one in objects if namespace_of(one)) - {root})


def _openshift_mesh(reader: ManifestReader, namespace: str, version: str) -> tuple[MeshSettings, list[Manifest]]:
    """The settings, and the policies that the operator makes. Raises: ConfigError."""
    mesh = mesh_of(reader, namespace)
    own = control_plane_of(reader, namespace)
    smcp = reader.get(maistra.SERVICE_MESH_CONTROL_PLANE, *mesh) if mesh is not None else own
    if smcp is None:
        raise ConfigError(f"Namespace {namespace} is in no mesh. Name it in a ServiceMeshMemberRoll, or give it a ServiceMeshMember.")
    members = sorted(_members(reader, Mesh(namespace_of(smcp), name_of(smcp))))
    settings = parse_mesh_settings(smcp, {"status": {"configuredMembers": members}})
    plane = ControlPlane.of(smcp, version)
    return settings, [part.manifest for part in (*peer_authentications(plane), *destination_rules(plane))]


def _members(reader: ManifestReader, mesh: Mesh) -> set[str]:
    rolls = reader.list(maistra.SERVICE_MESH_MEMBER_ROLL, mesh.namespace)
    named = {namespace for roll in rolls for namespace in required_namespaces(roll, reader)}
    named |= {namespace_of(one) for one in reader.list(maistra.SERVICE_MESH_MEMBER)}
    return {namespace for namespace in named if mesh_of(reader, namespace) == mesh}


def _changes(manifests: Iterable[Manifest]) -> tuple[list[Change], list[str]]:
    changes: list[Change] = []
    unused: list[str] = []
    for manifest in manifests:
        try:
            change = parse_change(manifest)
        except ConfigError as error:
            unused.append(f"{ObjectRef(manifest['kind'], namespace_of(manifest), name_of(manifest))} is left out: {error}")
            continue
        if isinstance(change, Put):
            changes.append(change)
    return changes, unused


# -- Endpoints --------------------------------------------------------------------------------------------------------
def _slices(changes: Iterable[Change]) -> Iterator[Put]:
    """EndpointSlices of Services that have a selector and none in the manifests, as a cluster's controller would make them."""
    objects = [change.obj for change in changes if isinstance(change, Put)]
    written = {(one.namespace, one.service) for one in objects if isinstance(one, EndpointSlice)}
    workloads = [one for one in objects if isinstance(one, Workload)]
    for service in objects:
        if isinstance(service, Service) and service.selector and (service.namespace, service.name) not in written:
            yield from _slices_of(service, [workload for workload in workloads if service.selects(workload)])


def _slices_of(service: Service, workloads: Sequence[Workload]) -> Iterator[Put]:
    """One slice for each set of port numbers: a port targeted by name may be another in each pod."""
    by_ports: dict[tuple[tuple[str, int], ...], list[SliceAddress]] = {}
    for workload in workloads:
        targets = ((port.name, service.target_number(port, workload)) for port in service.ports)
        numbers = tuple((name, number) for name, number in targets if number is not None)
        by_ports.setdefault(numbers, []).append(SliceAddress(workload.address, workload.name))
    for index, (ports, addresses) in enumerate(by_ports.items()):
        yield Put(EndpointSlice(service.namespace, f"{service.name}-{index}", service.name, tuple(addresses), dict(ports)))
