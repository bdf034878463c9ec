"""Manifests of small worlds in the namespace `bookinfo`, for Envoys that are configured from them."""

from typing import Any

__all__ = ["make_http_service", "make_pod", "make_service"]

MESH = {"security.istio.io/tlsMode": "istio"}


def make_pod(name: str, address: str, *, app: str = "", sidecar: bool = True) -> dict[str, Any]:
    """A running pod whose ServiceAccount has its name; `app` is its label, its name by default."""
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "bookinfo", "labels": {"app": app or name, **(MESH if sidecar else {})}},
        "spec": {"serviceAccountName": name},
        "status": {"podIP": address, "phase": "Running"},
    }


def make_service(name: str, vip: str, ports: dict[str, int], *, app: str = "") -> dict[str, Any]:
    """A Service; `ports` are numbers by name."""
    listed = [{"name": port, "port": number} for port, number in ports.items()]
    spec = {"clusterIP": vip, "selector": {"app": app or name}, "ports": listed}
    return {"kind": "Service", "metadata": {"name": name, "namespace": "bookinfo"}, "spec": spec}


def make_http_service(name: str, vip: str, pods: dict[str, str], *, app: str = "") -> list[dict[str, Any]]:
    """A Service with HTTP on port 80, and its endpoints: `pods` are addresses by name."""
    return [
        make_service(name, vip, {"http": 80}, app=app),
        {
            "kind": "EndpointSlice",
            "metadata": {"name": f"{name}-x", "namespace": "bookinfo", "labels": {"kubernetes.io/service-name": name}},
            "ports": [{"name": "http", "port": 80}],
            "endpoints": [{"addresses": [address], "targetRef": {"kind": "Pod", "name": pod}} for pod, address in pods.items()],
        },
    ]
