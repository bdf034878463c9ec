"""The Node object of this machine: what it has and how it is. No I/O: what /proc says is handed in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hauberk.k8s.kind import Manifest
from hauberk.names import NODE_NAME
from hauberk.node.pod.status import render_time

__all__ = ["KUBELET_VERSION", "Machine", "build_node", "build_node_status", "parse_memory_total", "parse_os_name"]

KUBELET_VERSION: Final = "v1.36.0+hauberk"
MAX_PODS: Final = 110
"""Kubelet's default."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Facts about the machine, from uname(2) and /proc."""

    hostname: str
    architecture: str
    kernel_version: str
    os_image: str
    machine_id: str
    boot_id: str
    cpus: int
    memory_kib: int
    version: str
    """Hauberk's."""


def parse_memory_total(meminfo: str) -> int:
    """MemTotal of /proc/meminfo, in KiB; 0 where it is not said."""
    for line in meminfo.splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1])
    return 0


def parse_os_name(os_release: str) -> str:
    """PRETTY_NAME of os-release(5), or Linux."""
    for line in os_release.splitlines():
        key, _, value = line.partition("=")
        if key == "PRETTY_NAME":
            return value.strip().strip("\"'")
    return "Linux"


def build_node(machine: Machine) -> Manifest:
    """The object as it is registered, without its status."""
    labels = {
        "kubernetes.io/hostname": NODE_NAME,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": _go_architecture(machine.architecture),
    }
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE_NAME, "labels": labels}, "spec": {}}


def build_node_status(machine: Machine, before: Manifest, *, address: str, now: datetime) -> Manifest:
    """The whole status; `before` is the status that stands, whose transition times go on where nothing changed."""
    known = {condition["type"]: condition for condition in before.get("conditions") or []}
    resources = {"cpu": str(machine.cpus), "memory": f"{machine.memory_kib}Ki", "pods": str(MAX_PODS)}
    return {
        "capacity": resources,
        "allocatable": resources,
        "conditions": [_condition(kind, known.get(kind), now) for kind in _CONDITIONS],
        "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": NODE_NAME}],
        "nodeInfo": {
            "machineID": machine.machine_id,
            "systemUUID": machine.machine_id,
            "bootID": machine.boot_id,
            "kernelVersion": machine.kernel_version,
            "osImage": machine.os_image,
            "containerRuntimeVersion": f"hauberk://{machine.version}",
            "kubeletVersion": KUBELET_VERSION,
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": _go_architecture(machine.architecture),
        },
    }


_CONDITIONS = {
    "MemoryPressure": ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
}


def _condition(kind: str, known: Manifest | None, now: datetime) -> Manifest:
    status, reason, message = _CONDITIONS[kind]
    since = known["lastTransitionTime"] if known and known.get("status") == status else render_time(now)
    return {
        "type": kind,
        "status": status,
        "lastHeartbeatTime": render_time(now),
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }


def _go_architecture(machine: str) -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
