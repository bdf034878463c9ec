"""A container's environment: variables of Services, envFrom, env with its sources, and `$(VAR)` in all of them.

Order and precedence are kubelet's (pkg/kubelet/kubelet_pods.go makeEnvironmentVariables, envvars/envvars.go). No I/O: the
ConfigMaps and Secrets that a pod names are handed in.
"""

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Any

from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.node.pod.programs import CannotStart

__all__ = ["Sources", "build_environment", "data_of", "expand", "field_value", "named_sources", "service_variables"]

Sources = Mapping[tuple[str, str], Manifest | None]
"""ConfigMaps and Secrets of the pod's namespace by (kind, name); None where there is none of that name."""

_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\((?P<name>[^)]*)\))")
_KEYED_FIELD = re.compile(r"metadata\.(?P<map>labels|annotations)\['(?P<key>[^']+)'\]")


def build_environment(container: Manifest, pod: Manifest, sources: Sources, services: Iterable[Manifest]) -> dict[str, str]:
    """The variables of `container`, without those that its image brings.

    `pod` has its address in status.podIP; `services` are those of all namespaces.
    Raises: CannotStart - CreateContainerConfigError where a ConfigMap, Secret or key is missing and not optional.
    """
    links = pod["spec"].get("enableServiceLinks", True)
    namespace = namespace_of(pod)
    result: dict[str, str] = {}
    for service in services:
        own, kubernetes = namespace_of(service) == namespace, (namespace_of(service), name_of(service)) == ("default", "kubernetes")
        if (own and links) or kubernetes:
            result |= service_variables(service)
    for entry in container.get("envFrom") or []:
        result |= _from_whole(entry, sources, namespace)
    for variable in container.get("env") or []:
        value = _value(variable, container, pod, sources, result)
        if value is not None:
            result[variable["name"]] = value
    return result


def expand(text: str, variables: Mapping[str, str]) -> str:
    """`$(NAME)` replaced by its value, `$$` by `$`; an unknown name stays as it is written."""

    def replaced(match: re.Match[str]) -> str:
        return "$" if match["escaped"] else variables.get(match["name"], match[0])

    return _VARIABLE.sub(replaced, text)


def service_variables(service: Manifest) -> dict[str, str]:
    """`NAME_SERVICE_HOST`, `NAME_SERVICE_PORT` and Docker's link variables of one Service; none for headless ones."""
    spec = service.get("spec") or {}
    address = spec.get("clusterIP")
    ports = spec.get("ports") or []
    if not address or address == "None" or not ports:
        return {}
    name = _variable_name(name_of(service))
    result = {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(ports[0]["port"])}
    result |= {f"{name}_SERVICE_PORT_{_variable_name(p['name'])}": str(p["port"]) for p in ports if p.get("name")}
    for index, port in enumerate(ports):
        protocol = port.get("protocol", "TCP")
        url = f"{protocol.lower()}://{address}:{port['port']}"
        prefix = f"{name}_PORT_{port['port']}_{protocol.upper()}"
        if index == 0:
            result[f"{name}_PORT"] = url
        result |= {prefix: url, f"{prefix}_PROTO": protocol.lower(), f"{prefix}_PORT": str(port["port"]), f"{prefix}_ADDR": address}
    return result


def named_sources(pod: Manifest) -> set[tuple[str, str]]:
    """The ConfigMaps and Secrets, by (kind, name), that environment and volumes of the pod name."""
    found: set[tuple[str, str]] = set()
    spec = pod["spec"]
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        for entry in container.get("envFrom") or []:
            found |= _ref(entry, "configMapRef", "ConfigMap") | _ref(entry, "secretRef", "Secret")
        for variable in container.get("env") or []:
            value_from = variable.get("valueFrom") or {}
            found |= _ref(value_from, "configMapKeyRef", "ConfigMap") | _ref(value_from, "secretKeyRef", "Secret")
    for volume in spec.get("volumes") or []:
        for source in [volume, *((volume.get("projected") or {}).get("sources") or [])]:
            found |= _ref(source, "configMap", "ConfigMap") | _ref(source, "secret", "Secret")
    return found


def data_of(source: Manifest) -> dict[str, bytes]:
    """The entries of a ConfigMap (data and binaryData) or Secret, decoded."""
    data: dict[str, str] = source.get("data") or {}
    if source.get("kind") == "Secret":
        return {key: b64decode(value) for key, value in data.items()}
    binary: dict[str, str] = source.get("binaryData") or {}
    return {key: value.encode() for key, value in data.items()} | {key: b64decode(value) for key, value in binary.items()}


def field_value(path: str, pod: Manifest) -> str:
    """The value of a downward API field (`metadata.name`, `status.podIP`, `metadata.labels['app']`, `metadata.labels`).

    Raises: CannotStart - CreateContainerConfigError for a field that the downward API does not have.
    """
    metadata, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
    if match := _KEYED_FIELD.fullmatch(path):
        return str((metadata.get(match["map"]) or {}).get(match["key"], ""))
    if path in ("metadata.labels", "metadata.annotations"):
        entries: dict[str, str] = metadata.get(path.removeprefix("metadata.")) or {}
        return "\n".join(f'{key}="{_escaped(value)}"' for key, value in sorted(entries.items()))
    values = {
        "metadata.name": metadata.get("name"),
        "metadata.namespace": metadata.get("namespace"),
        "metadata.uid": metadata.get("uid"),
        "spec.nodeName": spec.get("nodeName"),
        "spec.serviceAccountName": spec.get("serviceAccountName") or "default",
        "status.podIP": status.get("podIP"),
        "status.podIPs": ",".join(entry["ip"] for entry in status.get("podIPs") or []),
        "status.hostIP": status.get("hostIP"),
        "status.hostIPs": ",".join(entry["ip"] for entry in status.get("hostIPs") or []),
    }
    if path not in values:
        raise CannotStart("CreateContainerConfigError", f"unsupported fieldPath: {path}")
    return str(values[path] or "")


def _value(variable: Manifest, container: Manifest, pod: Manifest, sources: Sources, known: Mapping[str, str]) -> str | None:
    value_from = variable.get("valueFrom")
    if not value_from:
        return expand(str(variable.get("value") or ""), known)
    if field_ref := value_from.get("fieldRef"):
        return field_value(field_ref["fieldPath"], pod)
    for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        if reference := value_from.get(key):
            return _from_key(reference, kind, sources, namespace_of(pod))
    what = ", ".join(value_from)
    raise CannotStart("CreateContainerConfigError", f"env {variable['name']} of {container['name']}: valueFrom.{what} is not implemented")


def _from_key(reference: Manifest, kind: str, sources: Sources, namespace: str) -> str | None:
    source = _source(reference, kind, sources)
    if source is None:
        return None
    value = data_of(source).get(reference["key"])
    if value is None and not reference.get("optional"):
        raise CannotStart("CreateContainerConfigError", f"couldn't find key {reference['key']} in {kind} {namespace}/{reference['name']}")
    return None if value is None else value.decode(errors="replace")


def _from_whole(entry: Manifest, sources: Sources, namespace: str) -> dict[str, str]:
    prefix = str(entry.get("prefix") or "")
    for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
        if reference := entry.get(key):
            source = _source(reference, kind, sources)
            data = {} if source is None else data_of(source)
            return {prefix + name: value.decode(errors="replace") for name, value in data.items()}
    raise CannotStart("CreateContainerConfigError", f"envFrom in namespace {namespace}: {', '.join(entry)} is not implemented")


def _source(reference: Manifest, kind: str, sources: Sources) -> Manifest | None:
    source = sources.get((kind, reference["name"]))
    if source is None and not reference.get("optional"):
        raise CannotStart("CreateContainerConfigError", f'{kind.lower()} "{reference["name"]}" not found')
    return source


def _ref(holder: Manifest, key: str, kind: str) -> set[tuple[str, str]]:
    reference: dict[str, Any] = holder.get(key) or {}
    name = reference.get("name") or reference.get("secretName")
    return {(kind, str(name))} if name else set()


def _variable_name(name: str) -> str:
    return name.upper().replace("-", "_").replace(".", "_")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
