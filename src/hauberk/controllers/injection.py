"""Sidecar injection: what is put into a pod while it is admitted. Pure; `runtime` makes an admission plugin of it.

Source: Istio pkg/kube/inject/{inject,webhook}.go, manifests/charts/istio-control/istio-discovery/files/injection-template.yaml.
"""

from collections.abc import Mapping
from copy import deepcopy

import orjson

from hauberk import names
from hauberk.controllers.mesh.membership import Mesh, Reader, is_cluster_wide, mesh_of
from hauberk.controllers.objects import annotations_of, controller_reference, labels_of
from hauberk.controllers.smcp.parts import ControlPlane
from hauberk.controllers.smcp.profiles import ProfileUnknown
from hauberk.controllers.smcp.proxy import proxy_container
from hauberk.errors import ConfigError
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.policy.injection import InjectionDecision, Metadata, should_inject

__all__ = ["decide_injection", "inject_sidecar"]

_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
_POD_TEMPLATE_HASH = "pod-template-hash"
_APP_LABELS = (names.LABEL_CANONICAL_NAME, "app.kubernetes.io/name", "app")
_VERSION_LABELS = (names.LABEL_CANONICAL_REVISION, "app.kubernetes.io/version", "version")


def inject_sidecar(pod: Manifest, reader: Reader, *, version: str) -> Manifest | None:
    """The pod with a sidecar, or None where it gets none. `pod` is one that is being created, with its namespace; it is not changed.

    `version` is the tag of the proxy's image. Raises: ConfigError where an annotation for the sidecar is malformed.
    """
    mesh = mesh_of(reader, namespace_of(pod))
    if mesh is None or not decide_injection(pod, reader, mesh, version=version).inject:
        return None
    smcp = reader.get(maistra.SERVICE_MESH_CONTROL_PLANE, *mesh)
    return None if smcp is None else _injected(pod, smcp, mesh, version)


def decide_injection(pod: Manifest, reader: Reader, mesh: Mesh, *, version: str) -> InjectionDecision:
    """Whether a pod of a namespace of `mesh` gets a sidecar, and why."""
    if any(container["name"] == names.PROXY_CONTAINER for container in _containers(pod)):
        return InjectionDecision(False, f"the pod brings a container {names.PROXY_CONTAINER}")
    namespace = reader.get(core.NAMESPACE, "", namespace_of(pod)) or {}
    wanted = Metadata(labels_of(pod), annotations_of(pod), bool(pod["spec"].get("hostNetwork")))
    # A namespace that cannot be found (the API refuses the pod in the end) objects to nothing.
    home = Metadata(labels_of(namespace), annotations_of(namespace))
    return should_inject(wanted, home, str(mesh), auto_inject=_auto_inject(reader, mesh, version) or _asks_as_upstream(reader, mesh, home))


def _containers(pod: Manifest) -> list[Manifest]:
    return [*(pod["spec"].get("containers") or ()), *(pod["spec"].get("initContainers") or ())]


def _auto_inject(reader: Reader, mesh: Mesh, version: str) -> bool:
    smcp = reader.get(maistra.SERVICE_MESH_CONTROL_PLANE, *mesh)
    try:
        return smcp is not None and bool(ControlPlane.of(smcp, version).says("proxy.injection.autoInject"))
    except ProfileUnknown:  # its status says so; a pod must not fail for it
        return False


def _asks_as_upstream(reader: Reader, mesh: Mesh, namespace: Metadata) -> bool:
    """The namespace's label counts in a cluster-wide mesh only, which finds its members by it."""
    smcp = reader.get(maistra.SERVICE_MESH_CONTROL_PLANE, *mesh)
    wide = smcp is not None and is_cluster_wide(smcp)
    return wide and namespace.labels.get(names.LABEL_ISTIO_INJECTION) == names.INJECTION_ENABLED


def _injected(pod: Manifest, smcp: Manifest, mesh: Mesh, version: str) -> Manifest:
    result: Manifest = deepcopy(pod)
    spec, metadata = result["spec"], result["metadata"]
    # Behind the application, which stays what `kubectl logs` and `kubectl exec` mean when they are given no container.
    spec["containers"] = [*spec["containers"], proxy_container(smcp, mesh, "sidecar", version=version)]
    _add_user_volumes(spec, annotations_of(pod), subject=f"Pod {namespace_of(pod)}/{name_of(pod)}")
    # What the user wrote wins over what we guess, and what the mesh relies on wins over what the user wrote.
    name, revision = _canonical(pod)
    metadata["labels"] = {names.LABEL_CANONICAL_NAME: name, names.LABEL_CANONICAL_REVISION: revision} | labels_of(pod)
    metadata["labels"] |= {names.LABEL_TLS_MODE: names.TLS_MODE_ISTIO, names.LABEL_ISTIO_REV: mesh.name}
    metadata["annotations"] = {_DEFAULT_CONTAINER: pod["spec"]["containers"][0]["name"]} | annotations_of(pod)
    metadata["annotations"] |= {names.ANNOTATION_SIDECAR_STATUS: _status(mesh), names.ANNOTATION_MESH: str(mesh)}
    return result


def _add_user_volumes(spec: Manifest, annotations: Mapping[str, str], *, subject: str) -> None:
    """Volumes for the sidecar alone, such as the certificates that a DestinationRule names (Istio: `sidecar.istio.io/userVolume`)."""
    volumes, mounts = (_json_list(annotations, key, subject) for key in (names.USER_VOLUME, names.USER_VOLUME_MOUNT))
    if volumes:
        spec["volumes"] = [*(spec.get("volumes") or ()), *volumes]
    if mounts:
        sidecar = spec["containers"][-1]
        sidecar["volumeMounts"] = [*(sidecar.get("volumeMounts") or ()), *mounts]


def _json_list(annotations: Mapping[str, str], key: str, subject: str) -> list[Manifest]:
    """The value of an annotation that holds JSON: a list of objects, or an object from name to object, as Istio takes both.

    Raises: ConfigError.
    """
    try:
        value = orjson.loads(annotations.get(key, "[]"))
    except orjson.JSONDecodeError as error:
        value, reason = None, str(error)
    else:
        reason = "it is neither a list nor an object of objects"
    if isinstance(value, dict):
        value = [{"name": name} | one for name, one in value.items() if isinstance(one, dict)]
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ConfigError(f"{subject}: annotation {key} cannot be used: {reason}. Write a JSON list, as in a pod's spec.")
    return value


def _status(mesh: Mesh) -> str:
    """What was put in, as Istio writes it."""
    put_in = {"initContainers": None, "containers": [names.PROXY_CONTAINER], "volumes": None, "imagePullSecrets": None}
    return orjson.dumps(put_in | {"revision": mesh.name}).decode()


def _canonical(pod: Manifest) -> tuple[str, str]:
    """Canonical service name and revision (Istio pkg/kube/labels: ExtractCanonicalServiceLabels)."""
    labels = labels_of(pod)
    return _first(labels, _APP_LABELS) or _workload_name(pod), _first(labels, _VERSION_LABELS) or "latest"


def _first(labels: Mapping[str, str], keys: tuple[str, ...]) -> str | None:
    return next((labels[key] for key in keys if labels.get(key)), None)


def _workload_name(pod: Manifest) -> str:
    """The Deployment's name for a pod of a ReplicaSet, else the owner's, else the pod's own."""
    owner = controller_reference(pod)
    if owner is None:
        return str(pod["metadata"].get("name") or pod["metadata"].get("generateName", "").rstrip("-"))
    return str(owner["name"]).removesuffix(f"-{labels_of(pod).get(_POD_TEMPLATE_HASH)}")
