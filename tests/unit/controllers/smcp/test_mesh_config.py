from typing import Any

import yaml

from hauberk.controllers.smcp.mesh_config import mesh_config_parts
from hauberk.controllers.smcp.parts import ControlPlane
from hauberk.k8s.kind import Manifest, name_of
from tests.unit.controllers.builders import make_smcp


def config(version: str = "v2.5", **spec: Any) -> Manifest:
    parts = {part.kind.kind: part.manifest for part in mesh_config_parts(ControlPlane.of(make_smcp(version=version, spec=spec), "1"))}
    assert name_of(parts["ServiceAccount"]) == "istiod-basic"
    assert name_of(parts["ConfigMap"]) == "istio-basic"
    assert parts["ConfigMap"]["data"]["meshNetworks"] == "networks: {}\n"
    mesh: Manifest = yaml.safe_load(parts["ConfigMap"]["data"]["mesh"])
    return mesh


def test_the_mesh_says_where_its_root_is() -> None:
    assert config() == {
        "rootNamespace": "istio-system",
        "trustDomain": "cluster.local",
        "ingressControllerMode": "OFF",
        "defaultConfig": {"discoveryAddress": "istiod-basic.istio-system.svc:15012"},
    }


def test_auto_mtls_is_printed_where_it_was_said_and_always_in_2_0() -> None:
    assert config("v2.0")["enableAutoMtls"] is True
    assert config("v2.5", security={"dataPlane": {"automtls": False}})["enableAutoMtls"] is False


def test_trust_and_outbound_policy() -> None:
    trust = {"trust": {"domain": "red.local", "additionalDomains": []}}
    outbound = {"networking": {"trafficControl": {"outbound": {"policy": "REGISTRY_ONLY"}}}}
    mesh = config(security=trust, proxy=outbound)
    assert (mesh["trustDomain"], mesh["trustDomainAliases"]) == ("red.local", [])
    assert mesh["outboundTrafficPolicy"] == {"mode": "REGISTRY_ONLY"}
