"""The smaller core kinds: their columns, defaults and checks (kubernetes pkg/apis/core, pkg/printers)."""

import base64
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from hauberk.k8s.columns import AGE, NAME, NONE, dig, joined, text
from hauberk.k8s.durations import since
from hauberk.k8s.kind import Column, Manifest, name_of
from hauberk.k8s.review import Review

__all__ = [
    "CONFIG_MAP_COLUMNS",
    "ENDPOINTS_COLUMNS",
    "ENDPOINT_SLICE_COLUMNS",
    "EVENT_COLUMNS",
    "NAMESPACE_COLUMNS",
    "NODE_COLUMNS",
    "SECRET_COLUMNS",
    "SERVICE_ACCOUNT_COLUMNS",
    "check_config_map",
    "check_data_update",
    "check_endpoint_slice",
    "check_endpoint_slice_update",
    "check_secret",
    "check_secret_update",
    "complete_endpoint_slice",
    "complete_endpoints",
    "complete_namespace",
    "complete_secret",
]

_KEY_TEXT: Final = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
    "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_DATA_BYTES: Final = 1024 * 1024
_REQUIRED_KEYS: Final = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}
_ADDRESS_TYPES: Final = ("FQDN", "IPv4", "IPv6")


# -- Defaults ---------------------------------------------------------------------------------------------------------
def complete_namespace(namespace: Manifest) -> None:
    """The label by which selectors find a namespace by name, and the phase.

    The finalizer is given at creation only (apiserver): completed on every write, it would come back as it is taken away.
    """
    labels = namespace["metadata"].setdefault("labels", {})
    if name_of(namespace) and isinstance(labels, dict):
        labels["kubernetes.io/metadata.name"] = name_of(namespace)
    namespace.setdefault("status", {}).setdefault("phase", "Active")


def complete_secret(secret: Manifest) -> None:
    """The type, and `stringData` encoded into `data`."""
    secret.setdefault("type", "Opaque")
    plain = secret.pop("stringData", None)
    if isinstance(plain, dict) and plain:
        encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in plain.items()}
        secret["data"] = (secret.get("data") or {}) | encoded


def complete_endpoints(endpoints: Manifest) -> None:
    """The protocol of ports."""
    for subset in endpoints.get("subsets") or ():
        for port in subset.get("ports") or ():
            port.setdefault("protocol", "TCP")


def complete_endpoint_slice(endpoint_slice: Manifest) -> None:
    """The protocol and name of ports."""
    endpoint_slice.setdefault("endpoints", [])
    for port in endpoint_slice.get("ports") or ():
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


# -- Checks -----------------------------------------------------------------------------------------------------------
def check_config_map(config_map: Manifest, review: Review) -> None:
    """Check keys and size."""
    text_data, binary = config_map.get("data") or {}, config_map.get("binaryData") or {}
    _check_keys("data", text_data, review)
    _check_keys("binaryData", binary, review)
    for key in sorted(text_data.keys() & binary.keys()):
        review.invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
    if sum(len(value.encode()) for value in [*text_data.values(), *binary.values()]) > _DATA_BYTES:
        review.too_long("[]", _DATA_BYTES)


def check_secret(secret: Manifest, review: Review) -> None:
    """Check keys, size, and those keys that the type must have."""
    data = secret.get("data") or {}
    _check_keys("data", data, review)
    for key in _REQUIRED_KEYS.get(secret.get("type", ""), ()):
        if key not in data:
            review.required(f"data[{key}]")
    if sum(len(value) * 3 // 4 for value in data.values()) > _DATA_BYTES:
        review.too_long("data", _DATA_BYTES)


def _check_keys(field: str, data: Iterable[str], review: Review) -> None:
    for key in data:
        if not re.fullmatch(r"[-._a-zA-Z0-9]+", key):
            review.invalid(f"{field}[{key}]", key, _KEY_TEXT)


def check_data_update(old: Manifest, new: Manifest, review: Review) -> None:
    """An object with `immutable` keeps its data."""
    if not old.get("immutable"):
        return
    if not new.get("immutable"):
        review.forbidden("immutable", "field is immutable when `immutable` is set")
    for field in ("data", "binaryData"):
        if (old.get(field) or {}) != (new.get(field) or {}):
            review.forbidden(field, "field is immutable when `immutable` is set", fix="Delete the object and create it anew.")


def check_secret_update(old: Manifest, new: Manifest, review: Review) -> None:
    """A secret keeps its type."""
    if old.get("type") != new.get("type"):
        review.immutable("type", new.get("type"))
    check_data_update(old, new, review)


def check_endpoint_slice(endpoint_slice: Manifest, review: Review) -> None:
    """Check the type of addresses."""
    kind = endpoint_slice.get("addressType")
    if not kind:
        review.required("addressType")
    elif kind not in _ADDRESS_TYPES:
        review.unsupported("addressType", kind, _ADDRESS_TYPES)
    for index, endpoint in enumerate(endpoint_slice.get("endpoints") or ()):
        if not endpoint.get("addresses"):
            review.required(f"endpoints[{index}].addresses", "must contain at least 1 address")


def check_endpoint_slice_update(old: Manifest, new: Manifest, review: Review) -> None:
    """A slice keeps its type of addresses."""
    if old.get("addressType") != new.get("addressType"):
        review.immutable("addressType", new.get("addressType"))


# -- Columns ----------------------------------------------------------------------------------------------------------
def _count(*fields: str) -> Column:
    def value(obj: Manifest, _now: datetime) -> int:
        """The cell."""
        return sum(len(obj.get(field) or ()) for field in fields)

    return Column("Data", value, type="string", description="How many keys it has.")


def _endpoints(endpoints: Manifest, _now: datetime) -> str:
    pairs = []
    for subset in endpoints.get("subsets") or ():
        for port in subset.get("ports") or [{}]:
            for address in subset.get("addresses") or ():
                pairs.append(f"{address.get('ip')}:{port['port']}" if "port" in port else str(address.get("ip")))
    return joined(pairs)


def _slice_ports(endpoint_slice: Manifest, _now: datetime) -> str:
    ports = endpoint_slice.get("ports") or ()
    return joined((str(port.get("port") or port.get("name") or "*") for port in ports), empty="<unset>")


def _slice_endpoints(endpoint_slice: Manifest, _now: datetime) -> str:
    endpoints = endpoint_slice.get("endpoints") or ()
    return joined((address for endpoint in endpoints for address in endpoint.get("addresses") or ()), empty="<unset>")


def _node_status(node: Manifest, _now: datetime) -> str:
    ready = next((entry for entry in dig(node, "status", "conditions") or () if entry.get("type") == "Ready"), None)
    words = ["Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"]
    return ",".join([*words, *(["SchedulingDisabled"] if dig(node, "spec", "unschedulable") else [])])


def _node_roles(node: Manifest, _now: datetime) -> str:
    prefix = "node-role.kubernetes.io/"
    labels = dig(node, "metadata", "labels") or {}
    return ",".join(sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix))) or NONE


def _node_address(name: str, kind: str) -> Column:
    def value(node: Manifest, _now: datetime) -> str:
        """The cell."""
        return next((entry["address"] for entry in dig(node, "status", "addresses") or () if entry.get("type") == kind), NONE)

    return Column(name, value, priority=1, description=f"The node's address of type {kind}.")


def _node_info(name: str, field: str) -> Column:
    return text(name, "status", "nodeInfo", field, empty="<unknown>", priority=1, description=f"The node's {field}.")


def _event_object(event: Manifest, _now: datetime) -> str:
    involved = event.get("involvedObject") or {}
    return "/".join(part for part in (str(involved.get("kind", "")).lower(), involved.get("name")) if part)


def _event_source(event: Manifest, _now: datetime) -> str:
    source = event.get("source") or {}
    component = source.get("component") or event.get("reportingComponent") or ""
    instance = source.get("host") or event.get("reportingInstance") or ""
    return f"{component}, {instance}" if instance else component


def _first_seen(event: Manifest, now: datetime) -> str:
    return since(event.get("firstTimestamp") or event.get("eventTime"), now)


def _last_seen(event: Manifest, now: datetime) -> str:
    latest = dig(event, "series", "lastObservedTime") or event.get("lastTimestamp")
    return since(latest, now) if latest else _first_seen(event, now)


def _event_count(event: Manifest, _now: datetime) -> int:
    return dig(event, "series", "count") or event.get("count") or 1


NAMESPACE_COLUMNS: Final = (NAME, text("Status", "status", "phase", description="Active, or Terminating while it is emptied."), AGE)
SECRET_COLUMNS: Final = (NAME, text("Type", "type", description="What kind of secret it is."), _count("data"), AGE)
CONFIG_MAP_COLUMNS: Final = (NAME, _count("data", "binaryData"), AGE)
SERVICE_ACCOUNT_COLUMNS: Final = (
    NAME,
    Column("Secrets", lambda obj, _now: len(obj.get("secrets") or ()), description="How many secrets it lists."),
    AGE,
)
ENDPOINTS_COLUMNS: Final = (NAME, Column("Endpoints", _endpoints, description="Addresses with ports."), AGE)
ENDPOINT_SLICE_COLUMNS: Final = (
    NAME,
    text("AddressType", "addressType", description="IPv4, IPv6 or FQDN."),
    Column("Ports", _slice_ports, description="Ports of every endpoint."),
    Column("Endpoints", _slice_endpoints, description="Their addresses."),
    AGE,
)
NODE_COLUMNS: Final = (
    NAME,
    Column("Status", _node_status, description="Whether the node takes pods."),
    Column("Roles", _node_roles, description="From its node-role labels."),
    AGE,
    text("Version", "status", "nodeInfo", "kubeletVersion", description="Version of the software that runs pods."),
    _node_address("Internal-IP", "InternalIP"),
    _node_address("External-IP", "ExternalIP"),
    _node_info("OS-Image", "osImage"),
    _node_info("Kernel-Version", "kernelVersion"),
    _node_info("Container-Runtime", "containerRuntimeVersion"),
)
EVENT_COLUMNS: Final = (
    Column("Last Seen", _last_seen, description="Time since it last happened."),
    text("Type", "type", description="Normal or Warning."),
    text("Reason", "reason", description="One word for what happened."),
    Column("Object", _event_object, description="What it happened to."),
    text("Subobject", "involvedObject", "fieldPath", priority=1, description="The part of the object."),
    Column("Source", _event_source, priority=1, description="Who reports it."),
    Column("Message", lambda event, _now: str(event.get("message", "")).strip(), description="What happened, for people."),
    Column("First Seen", _first_seen, priority=1, description="Time since it first happened."),
    Column("Count", _event_count, type="integer", priority=1, description="How often it happened."),
    Column("Name", lambda event, _now: name_of(event), priority=1, format="name", description="The event's name."),
)
