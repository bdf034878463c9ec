"""Services: columns, defaults and checks (kubernetes pkg/apis/core, pkg/printers). Addresses are given out by the API server."""

from datetime import datetime
from typing import Final

from hauberk.k8s.columns import AGE, NAME, NONE, dig, format_labels, text
from hauberk.k8s.kind import Column, Manifest
from hauberk.k8s.metadata import check_labels
from hauberk.k8s.review import Review
from hauberk.k8s.syntax import dns1123_label, port_name, port_number

__all__ = ["SERVICE_COLUMNS", "check_service", "check_service_update", "complete_service"]

_TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_AFFINITY_SECONDS: Final = 10800
_NODE_PORTS: Final = range(30000, 32768)
"""kube-apiserver's default for --service-node-port-range."""


# -- Columns ----------------------------------------------------------------------------------------------------------
def _external_ip(service: Manifest, _now: datetime) -> str:
    spec = service.get("spec") or {}
    given = ",".join(spec.get("externalIPs") or ())
    match spec.get("type", "ClusterIP"):
        case "ExternalName":
            return spec.get("externalName") or NONE
        case "LoadBalancer":
            ingress = dig(service, "status", "loadBalancer", "ingress") or ()
            addresses = ",".join(sorted({entry.get("ip") or entry.get("hostname") or "" for entry in ingress} - {""}))
            return ",".join(part for part in (addresses, given) if part) or "<pending>"
    return given or NONE


def _ports(service: Manifest, _now: datetime) -> str:
    def render(port: Manifest) -> str:
        """`80/TCP`, `80:30080/TCP`."""
        node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
        return f"{port.get('port')}{node_port}/{port.get('protocol', 'TCP')}"

    return ",".join(render(port) for port in dig(service, "spec", "ports") or ()) or NONE


def _cluster_ip(service: Manifest, _now: datetime) -> str:
    addresses = dig(service, "spec", "clusterIPs") or [dig(service, "spec", "clusterIP")]
    return addresses[0] or NONE


SERVICE_COLUMNS: Final = (
    NAME,
    text("Type", "spec", "type", description="How the service is exposed."),
    Column("Cluster-IP", _cluster_ip, description="Its virtual address, None for a headless service."),
    Column("External-IP", _external_ip, description="Addresses from outside."),
    Column("Port(s)", _ports, description="Its ports and their protocols."),
    AGE,
    Column("Selector", lambda obj, _now: format_labels(dig(obj, "spec", "selector")), priority=1, description="The labels of its pods."),
)


# -- Defaults ---------------------------------------------------------------------------------------------------------
def complete_service(service: Manifest) -> None:
    """Fill in what a service does not say."""
    spec = service.setdefault("spec", {})
    kind = spec.setdefault("type", "ClusterIP")
    if spec.setdefault("sessionAffinity", "None") == "ClientIP":
        spec.setdefault("sessionAffinityConfig", {"clientIP": {"timeoutSeconds": _AFFINITY_SECONDS}})
    for port in spec.get("ports") or ():
        if isinstance(port, dict):
            port.setdefault("protocol", "TCP")
            if port.get("targetPort") in (None, 0, "") and "port" in port:
                port["targetPort"] = port["port"]
    if kind in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if kind != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
        if spec.get("clusterIP"):
            spec.setdefault("clusterIPs", [spec["clusterIP"]])
    service.setdefault("status", {}).setdefault("loadBalancer", {})


# -- Checks -----------------------------------------------------------------------------------------------------------
def check_service(service: Manifest, review: Review) -> None:
    """Check a service's type, addresses, ports and selector."""
    spec = service.get("spec") or {}
    kind, headless = spec.get("type", "ClusterIP"), spec.get("clusterIP") == "None"
    if kind not in _TYPES:
        review.unsupported("spec.type", kind, _TYPES)
    if kind == "ExternalName" and not spec.get("externalName"):
        review.required("spec.externalName")
    if headless and kind in ("NodePort", "LoadBalancer"):
        review.invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services")
    if not spec.get("ports") and not headless and kind != "ExternalName":
        review.required("spec.ports")
    if spec.get("sessionAffinity") not in (None, "None", "ClientIP"):
        review.unsupported("spec.sessionAffinity", spec["sessionAffinity"], ("ClientIP", "None"))
    check_labels(spec.get("selector"), "spec.selector", review)
    _check_ports(spec.get("ports") or [], review)


def _check_ports(ports: list[Manifest], review: Review) -> None:
    names: set[str] = set()
    pairs: set[tuple[str, int]] = set()
    for index, port in enumerate(ports):
        path, name, protocol = f"spec.ports[{index}]", port.get("name") or "", port.get("protocol", "TCP")
        if not name and len(ports) > 1:
            review.required(f"{path}.name")
        for problem in dns1123_label(name) if name else ():
            review.invalid(f"{path}.name", name, problem)
        if name and name in names:
            review.duplicate(f"{path}.name", name)
        names.add(name)
        for problem in port_number(port.get("port") or 0):
            review.invalid(f"{path}.port", port.get("port") or 0, problem)
        if protocol not in _PROTOCOLS:
            review.unsupported(f"{path}.protocol", protocol, _PROTOCOLS)
        if port.get("nodePort") and port["nodePort"] not in _NODE_PORTS:
            limits = f"The range of valid ports is {_NODE_PORTS.start}-{_NODE_PORTS.stop - 1}"
            review.invalid(f"{path}.nodePort", port["nodePort"], f"provided port is not in the valid range. {limits}")
        _check_target(port.get("targetPort", 0), f"{path}.targetPort", review)
        if (protocol, port.get("port") or 0) in pairs:
            review.add("HBK0006", path, f"Duplicate value: {_struct(port)}", "Write each port and protocol once.")
        pairs.add((protocol, port.get("port") or 0))


def _check_target(target: int | str, path: str, review: Review) -> None:
    for problem in port_name(target) if isinstance(target, str) else port_number(target):
        review.invalid(path, target, problem)


def _struct(port: Manifest) -> str:
    # Upstream prints the Go struct of the two fields that clash, in its order; the others are zero.
    protocol, number = port.get("protocol", "TCP"), port.get("port")
    return f'{{"Name":"","Protocol":"{protocol}","AppProtocol":null,"Port":{number},"TargetPort":0,"NodePort":0}}'


def check_service_update(old: Manifest, new: Manifest, review: Review) -> None:
    """A service keeps its address as long as it stays of a type that has one."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    if "ExternalName" in (before.get("type"), after.get("type")) or not before.get("clusterIP"):
        return
    if after.get("clusterIP") != before["clusterIP"]:
        review.invalid("spec.clusterIPs[0]", [after.get("clusterIP")], "may not change once set", code="HBK0007")
