"""What a pod's volumes hold, and where containers see them.

Kinds: emptyDir, configMap, secret, downwardAPI, projected (of those and serviceAccountToken). Every other kind is refused
by name (`support.find_unsupported`). The token of the ServiceAccount is mounted as upstream's admission does it, where the
manifest does not say otherwise. No I/O: the objects and tokens are handed in, and files come out as bytes.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from hauberk.k8s.kind import Manifest
from hauberk.names import SERVICE_ACCOUNT_DIR
from hauberk.node.pod.environment import Sources, data_of, expand, field_value
from hauberk.node.pod.programs import CannotStart

__all__ = [
    "ROOT_CA_CONFIG_MAP",
    "VOLUME_KINDS",
    "Mount",
    "TokenRequest",
    "VolumeContent",
    "plan_mounts",
    "plan_volumes",
    "token_requests",
    "with_service_account",
]

VOLUME_KINDS = ("emptyDir", "configMap", "secret", "downwardAPI", "projected")
ROOT_CA_CONFIG_MAP = "kube-root-ca.crt"
DEFAULT_MODE = 0o644
DEFAULT_TOKEN_SECONDS = 3600
TOKEN_VOLUME = "kube-api-access"  # noqa: S105 - the name of a volume
IMPLICIT_TOKEN_SECONDS = 3607
"""Upstream's admission asks for this odd number, by which such tokens can be told from others."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A ServiceAccount token that a volume wants; an empty audience is the API's own."""

    audience: str
    seconds: int


@dataclass(frozen=True, slots=True)
class VolumeContent:
    """Files of a volume by their path below it; an emptyDir has none and is writable."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    mode: int = DEFAULT_MODE
    modes: Mapping[str, int] = field(default_factory=dict)
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume, or `sub_path` below it, as a container sees it at `target`."""

    volume: str
    sub_path: str
    target: str
    read_only: bool


def with_service_account(pod: Manifest) -> Manifest:
    """The pod with a volume and mounts for its ServiceAccount's token, as upstream's ServiceAccount admission adds them.

    Unchanged where the pod says `automountServiceAccountToken: false` or every container has a mount there already.
    """
    spec = pod["spec"]
    wanting = [c["name"] for c in _containers(pod) if not any(_target(m) == SERVICE_ACCOUNT_DIR for m in c.get("volumeMounts") or [])]
    if spec.get("automountServiceAccountToken") is False or not wanting:
        return pod
    pod = deepcopy(pod)
    token = {"serviceAccountToken": {"path": "token", "expirationSeconds": IMPLICIT_TOKEN_SECONDS}}
    root = {"configMap": {"name": ROOT_CA_CONFIG_MAP, "items": [{"key": "ca.crt", "path": "ca.crt"}], "optional": True}}
    namespace = {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}}
    pod["spec"].setdefault("volumes", [])
    pod["spec"]["volumes"] = [
        *(pod["spec"]["volumes"] or []),
        {"name": TOKEN_VOLUME, "projected": {"sources": [token, root, namespace]}},
    ]
    for container in _containers(pod):
        if container["name"] in wanting:
            mount = {"name": TOKEN_VOLUME, "mountPath": SERVICE_ACCOUNT_DIR, "readOnly": True}
            container["volumeMounts"] = [*(container.get("volumeMounts") or []), mount]
    return pod


def token_requests(pod: Manifest) -> set[TokenRequest]:
    """The tokens that the pod's projected volumes want."""
    return {
        _token_request(source["serviceAccountToken"])
        for volume in pod["spec"].get("volumes") or []
        for source in (volume.get("projected") or {}).get("sources") or []
        if "serviceAccountToken" in source
    }


def plan_volumes(pod: Manifest, sources: Sources, tokens: Mapping[TokenRequest, str]) -> dict[str, VolumeContent]:
    """The content of each volume of the pod by its name.

    Raises: CannotStart - FailedMount where a ConfigMap, Secret or key is missing and not optional, or a kind is not implemented.
    """
    return {volume["name"]: _content(volume, pod, sources, tokens) for volume in pod["spec"].get("volumes") or []}


def plan_mounts(container: Manifest, variables: Mapping[str, str]) -> tuple[Mount, ...]:
    """Where the container sees which volume; `subPathExpr` is expanded by the container's own variables.

    Raises: CannotStart - CreateContainerConfigError where a subPath leaves its volume.
    """
    mounts = []
    for mount in container.get("volumeMounts") or []:
        sub_path = str(mount.get("subPath") or expand(str(mount.get("subPathExpr") or ""), variables))
        if sub_path.startswith("/") or ".." in PurePosixPath(sub_path).parts:
            raise CannotStart("CreateContainerConfigError", f'subPath "{sub_path}" of {container["name"]} must stay below its volume')
        mounts.append(Mount(mount["name"], sub_path, str(mount["mountPath"]), bool(mount.get("readOnly"))))
    return tuple(mounts)


def _content(volume: Manifest, pod: Manifest, sources: Sources, tokens: Mapping[TokenRequest, str]) -> VolumeContent:
    if "emptyDir" in volume:
        return VolumeContent(writable=True)
    projected = volume.get("projected")
    parts = (projected.get("sources") or []) if projected is not None else [volume]
    files: dict[str, bytes] = {}
    modes: dict[str, int] = {}
    for part in parts:
        for path, data, mode in _files(part, pod, sources, tokens):
            files[path] = data
            if mode is not None:
                modes[path] = mode
    holder = projected if projected is not None else next((volume[kind] for kind in VOLUME_KINDS if kind in volume), {})
    mode = (holder or {}).get("defaultMode")
    return VolumeContent(files, DEFAULT_MODE if mode is None else mode, modes)


_File = tuple[str, bytes, int | None]


def _files(part: Manifest, pod: Manifest, sources: Sources, tokens: Mapping[TokenRequest, str]) -> Iterable[_File]:
    if (token := part.get("serviceAccountToken")) is not None:
        return [(str(token["path"]), tokens[_token_request(token)].encode(), 0o600)]
    if (downward := part.get("downwardAPI")) is not None:
        return [(item["path"], field_value(_field(item), pod).encode(), item.get("mode")) for item in downward.get("items") or []]
    for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
        if (reference := part.get(key)) is not None:
            return _keyed_files(reference, kind, sources)
    kinds = ", ".join(key for key in part if key != "name")
    raise CannotStart("FailedMount", f"volumes of kind {kinds} are not implemented; {', '.join(VOLUME_KINDS)} are")


def _keyed_files(reference: Manifest, kind: str, sources: Sources) -> list[_File]:
    name = str(reference.get("name") or reference.get("secretName"))
    optional = bool(reference.get("optional"))
    source = sources.get((kind, name))
    if source is None:
        if optional:
            return []
        raise CannotStart("FailedMount", f'{kind.lower()} "{name}" not found')
    data = data_of(source)
    items = reference.get("items")
    if items is None:
        return [(key, value, None) for key, value in data.items()]
    missing = [item["key"] for item in items if item["key"] not in data]
    if missing and not optional:
        raise CannotStart("FailedMount", f'{kind.lower()} "{name}" has no key {", ".join(missing)}')
    return [(item["path"], data[item["key"]], item.get("mode")) for item in items if item["key"] in data]


def _field(item: Manifest) -> str:
    if "fieldRef" not in item:
        raise CannotStart("FailedMount", f"downwardAPI item {item['path']}: resourceFieldRef is not implemented")
    return str(item["fieldRef"]["fieldPath"])


def _token_request(token: Manifest) -> TokenRequest:
    return TokenRequest(str(token.get("audience") or ""), int(token.get("expirationSeconds") or DEFAULT_TOKEN_SECONDS))


def _containers(pod: Manifest) -> Iterator[Manifest]:
    yield from pod["spec"].get("initContainers") or []
    yield from pod["spec"].get("containers") or []


def _target(mount: Manifest) -> str:
    return str(mount.get("mountPath", "")).rstrip("/")
