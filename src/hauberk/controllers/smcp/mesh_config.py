"""The mesh's settings as ConfigMap `istio-<smcp>`, and the accounts of its own workloads. Pure.

Source: maistra/istio-operator resources/helm/v2.5/istio-control/istio-discovery/templates/configmap.yaml.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from hauberk.controllers.mesh.membership import trust_domain_of
from hauberk.controllers.smcp.parts import ControlPlane, Part
from hauberk.k8s import core
from hauberk.k8s.kind import Manifest

__all__ = ["mesh_config_parts"]


def mesh_config_parts(plane: ControlPlane) -> Iterator[Part]:
    """ConfigMap `istio-<smcp>` with keys mesh and meshNetworks, and ServiceAccount `istiod-<smcp>`."""
    mesh = plane.mesh
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata(plane, f"istiod-{mesh.name}")}
    yield Part(core.SERVICE_ACCOUNT, "istio-discovery", account)
    data = {"mesh": yaml.safe_dump(_mesh(plane), sort_keys=True), "meshNetworks": "networks: {}\n"}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(plane, f"istio-{mesh.name}"), "data": data}
    yield Part(core.CONFIG_MAP, "istio-discovery", config)


def _metadata(plane: ControlPlane, name: str) -> Manifest:
    return {"name": name, "namespace": plane.mesh.namespace, "labels": {"istio.io/rev": plane.mesh.name, "release": "istio"}}


def _mesh(plane: ControlPlane) -> dict[str, Any]:
    mesh = plane.mesh
    config: dict[str, Any] = {
        "rootNamespace": mesh.namespace,
        "trustDomain": trust_domain_of(plane.manifest),
        "ingressControllerMode": "OFF",
        "defaultConfig": {"discoveryAddress": f"istiod-{mesh.name}.{mesh.namespace}.svc:15012"},
    }
    auto = plane.says("security.dataPlane.automtls")
    if auto is None and plane.version <= (2, 0):
        auto = True  # 2.0 always prints it; later versions only what was said
    if auto is not None:
        config["enableAutoMtls"] = auto
    aliases = plane.says("security.trust.additionalDomains")
    if aliases is not None:
        config["trustDomainAliases"] = aliases
    policy = plane.says("proxy.networking.trafficControl.outbound.policy")
    if policy is not None:
        config["outboundTrafficPolicy"] = {"mode": policy}
    return config
