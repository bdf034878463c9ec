from hauberk.controllers.smcp.implemented import fields_without_effect, missing_addons
from hauberk.controllers.smcp.profiles import applied_spec
from hauberk.k8s.kind import Manifest
from tests.unit.controllers.builders import make_smcp

DOCUMENTED: Manifest = {
    "version": "v2.1",
    "profiles": ["default"],
    "security": {
        "dataPlane": {"mtls": True, "automtls": True},
        "controlPlane": {"mtls": True, "tls": {"minProtocolVersion": "TLSv1_2"}},
        "trust": {"domain": "red.local", "additionalDomains": ["cluster.local"]},
        "identity": {"type": "ThirdParty"},
        "manageNetworkPolicy": True,
        "certificateAuthority": {"type": "Istiod", "istiod": {"type": "PrivateKey", "privateKey": {"rootCADir": "/etc/cacerts"}}},
    },
    "gateways": {
        "openshiftRoute": {"enabled": True},
        "ingress": {"service": {"metadata": {"labels": {"example.com/a": "b"}}}},
        "additionalIngress": {"red": {"enabled": True, "service": {"ports": [{"port": 1}]}}},
    },
}


def test_the_reference_documents_fields_have_an_effect() -> None:
    assert fields_without_effect(make_smcp(spec=DOCUMENTED)) == []


def test_other_fields_are_named_with_their_path() -> None:
    spec: Manifest = {
        "gateways": {
            "ingress": {"volumes": [{}], "service": {"type": "NodePort"}},
            "additionalEgress": {"blue": {"service": {"type": "LoadBalancer"}}},
        },
        "security": {"controlPlane": {"mtls": False}, "manageNetworkPolicy": True},
        "runtime": {"components": {"pilot": {"container": {"imageName": "x"}}}},
        "telemetry": {"type": "Mixer"},
    }
    assert fields_without_effect(make_smcp(spec=spec)) == [
        "spec.gateways.additionalEgress.blue.service.type",
        "spec.gateways.ingress.service.type",
        "spec.gateways.ingress.volumes",
        "spec.runtime",
        "spec.security.controlPlane.mtls",
        "spec.telemetry.type",
    ]


def test_add_ons_that_are_switched_on_are_missing() -> None:
    assert missing_addons(applied_spec({})) == ["prometheus", "grafana", "kiali", "jaeger"]
    assert missing_addons(applied_spec({"profiles": ["gateway-controller"]})) == []
    assert missing_addons(applied_spec({"addons": {"kiali": {"enabled": False}}, "tracing": {"type": "None"}})) == ["prometheus", "grafana"]
