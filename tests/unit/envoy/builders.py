"""Envoy's messages as plain values, and proxies of small meshes."""

from typing import Any

from google.protobuf.json_format import MessageToDict

from hauberk.model.proxy import Proxy, ProxyKind
from hauberk.view.mesh_view import MeshView


def as_dict(message: Any) -> dict[str, Any]:
    rendered: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return rendered


def sidecar(view: MeshView, name: str = "reviews-v1", namespace: str = "bookinfo") -> Proxy:
    return Proxy.of(ProxyKind.SIDECAR, view.workloads[namespace, name])


def router(view: MeshView, name: str = "gateway-1", namespace: str = "istio-system") -> Proxy:
    return Proxy.of(ProxyKind.ROUTER, view.workloads[namespace, name])
