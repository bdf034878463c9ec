"""The admission plugins that every API server has: namespace lifecycle, ServiceAccounts of pods, addresses of Services.

No I/O. Source: k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle, kubernetes/plugin/pkg/admission/serviceaccount,
kubernetes/pkg/registry/core/service (what only upstream's registries fill in, we fill in here).
"""

from collections.abc import Sequence
from copy import deepcopy
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network

from hauberk import names
from hauberk.apiserver.admission import Admission, AdmissionPlugin, AdmissionRequest, Operation, Reader, Refusal
from hauberk.apiserver.status import Cause
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest
from hauberk.k8s.review import render_value

__all__ = [
    "BUILTIN_PLUGINS",
    "FIRST_NAMESPACES",
    "address_service",
    "complete_namespace",
    "default_service_account",
    "drop_empty_data",
    "guard_namespace",
    "mount_token",
]

FIRST_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_UNDELETABLE = ("default", "kube-system", "kube-public")
_NETWORK = IPv4Network(names.SERVICE_CIDR)
_FINALIZER = "kubernetes"
_NAME_LABEL = "kubernetes.io/metadata.name"
_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_TOKEN_SOURCES = [
    # a little over an hour, as upstream: the odd seconds tell such tokens from others in audit logs
    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
    {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
]
_ADDRESS_FIELDS = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy")


def guard_namespace(request: AdmissionRequest, reader: Reader) -> Admission:
    """New objects need a namespace that is there and is not going away; some namespaces stay."""
    if request.operation is Operation.DELETE and request.kind is core.NAMESPACE and request.name in _UNDELETABLE:
        return Admission(refusal=Refusal("this namespace may not be deleted"))
    if request.operation is not Operation.CREATE or not request.kind.namespaced:
        return Admission()
    namespace = reader.get(core.NAMESPACE, None, request.namespace)
    if namespace is None:
        return Admission(refusal=Refusal(f'namespaces "{request.namespace}" not found', 404, "NotFound"))
    if namespace["metadata"].get("deletionTimestamp"):
        cause = Cause("metadata.namespace", f"namespace {request.namespace} is being terminated", "NamespaceTerminating")
        message = f"unable to create new content in namespace {request.namespace} because it is being terminated"
        return Admission(refusal=Refusal(message, causes=[cause]))
    return Admission()


def complete_namespace(request: AdmissionRequest, _reader: Reader) -> Admission:
    """A namespace carries its name as a label, and a finalizer by which it is emptied before it goes."""
    obj = request.obj
    if request.kind is not core.NAMESPACE or obj is None or request.subresource:
        return Admission()
    obj["metadata"].setdefault("labels", {})[_NAME_LABEL] = request.name
    if request.operation is Operation.CREATE:
        obj["spec"] = {"finalizers": [_FINALIZER]}
        obj["status"] = {"phase": "Active"}
    elif request.old:
        obj["spec"] = request.old.get("spec", {})  # only /finalize changes it
    return Admission(obj)


def default_service_account(request: AdmissionRequest, reader: Reader) -> Admission:
    """A pod runs as a ServiceAccount of its namespace, `default` where it names none.

    `default` itself may be missing: in a new namespace it is made a moment later.
    """
    obj = request.obj
    if request.kind is not core.POD or request.operation is not Operation.CREATE or obj is None:
        return Admission()
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        return Admission()
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    if name != "default" and reader.get(core.SERVICE_ACCOUNT, request.namespace, name) is None:
        message = f'error looking up service account {request.namespace}/{name}: serviceaccount "{name}" not found'
        return Admission(refusal=Refusal(message))
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    return Admission(obj)


def mount_token(request: AdmissionRequest, reader: Reader) -> Admission:
    """Give every container the token of the pod's account, where neither pod nor account says that it does not want it."""
    obj = request.obj
    if request.kind is not core.POD or request.operation is not Operation.CREATE or obj is None or not isinstance(obj.get("spec"), dict):
        return Admission()
    spec = obj["spec"]
    account = reader.get(core.SERVICE_ACCOUNT, request.namespace, spec.get("serviceAccountName", "default")) or {}
    wanting = [
        container
        for container in (*(spec.get("containers") or []), *(spec.get("initContainers") or []))
        if not any(mount.get("mountPath") == names.SERVICE_ACCOUNT_DIR for mount in container.get("volumeMounts") or [])
    ]
    if spec.get("automountServiceAccountToken", account.get("automountServiceAccountToken", True)) is False or not wanting:
        return Admission()
    volume = f"kube-api-access-{_suffix(str(obj['metadata'].get('uid', request.name)))}"
    spec["volumes"] = [
        *(spec.get("volumes") or []),
        {"name": volume, "projected": {"defaultMode": 0o644, "sources": deepcopy(_TOKEN_SOURCES)}},
    ]
    for container in wanting:
        mount = {"name": volume, "mountPath": names.SERVICE_ACCOUNT_DIR, "readOnly": True}
        container["volumeMounts"] = [*(container.get("volumeMounts") or []), mount]
    return Admission(obj)


def address_service(request: AdmissionRequest, reader: Reader) -> Admission:
    """Give a Service its address from the service network, unless it is headless or an external name."""
    obj = request.obj
    if request.kind is not core.SERVICE or obj is None or request.subresource or not isinstance(obj.get("spec"), dict):
        return Admission()
    spec = obj["spec"]
    if spec.get("type") == "ExternalName":
        for field in _ADDRESS_FIELDS:
            spec.pop(field, None)
        return Admission(obj)
    before = (request.old or {}).get("spec", {})
    wanted = spec.get("clusterIP") or (spec.get("clusterIPs") or [""])[0] or before.get("clusterIP", "")
    if wanted != "None" and wanted != before.get("clusterIP"):
        taken = _taken(reader, request)
        why = _unusable(wanted, taken) if wanted else ""
        if why:
            cause = Cause("spec.clusterIPs", f"Invalid value: {render_value([wanted])}: failed to allocate IP {wanted}: {why}")
            return Admission(refusal=Refusal("", 422, "Invalid", [cause]))
        wanted = wanted or _free_address(obj["metadata"].get("uid", request.name), taken)
        if not wanted:
            return Admission(refusal=Refusal("failed to allocate a serviceIP: range is full", 500, "InternalError"))
    spec["clusterIP"] = wanted
    spec["clusterIPs"] = [wanted]
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    return Admission(obj)


def drop_empty_data(request: AdmissionRequest, _reader: Reader) -> Admission:
    """Data without a key is no data: upstream's typed objects cannot tell the two apart."""
    obj = request.obj
    if request.kind not in (core.CONFIG_MAP, core.SECRET) or obj is None:
        return Admission()
    for field in ("data", "binaryData", "stringData"):
        if obj.get(field) == {}:
            del obj[field]
    return Admission(obj)


BUILTIN_PLUGINS: Sequence[AdmissionPlugin] = (
    guard_namespace,
    complete_namespace,
    default_service_account,
    mount_token,
    address_service,
    drop_empty_data,
)
"""In the order in which they run."""


def _taken(reader: Reader, request: AdmissionRequest) -> set[str]:
    services = (obj for obj in reader.list(core.SERVICE) if not _is(obj, request))
    return {names.DNS_VIP} | {obj["spec"].get("clusterIP", "") for obj in services}


def _is(obj: Manifest, request: AdmissionRequest) -> bool:
    return (obj["metadata"]["namespace"], obj["metadata"]["name"]) == (request.namespace, request.name)


def _suffix(seed: str) -> str:
    """Five characters that follow from `seed`, a uid: as good as random, and the plugin stays a pure function."""
    digest = sha256(seed.encode()).digest()
    return "".join(_SUFFIX_ALPHABET[byte % len(_SUFFIX_ALPHABET)] for byte in digest[:5])


def _unusable(address: str, taken: set[str]) -> str:
    try:
        inside = IPv4Address(address) in _NETWORK
    except ValueError:
        return "not a valid IP address"
    if not inside:
        return "the provided network does not match the current range"
    return "provided IP is already allocated" if address in taken else ""


def _free_address(seed: str, taken: set[str]) -> str:
    """The first free address from a place that `seed` (the uid: random) chooses, so that addresses are not reused at once.

    The first and last address of the network, and its first 32 (for services that ask for an address), are left out.
    """
    first, last = 32, _NETWORK.num_addresses - 2
    start = int.from_bytes(sha256(seed.encode()).digest()[:4])
    for step in range(last - first + 1):
        address = str(_NETWORK[first + (start + step) % (last - first + 1)])
        if address not in taken:
            return address
    return ""
