import pytest

from hauberk.k8s.maistra import SERVICE_MESH_CONTROL_PLANE
from tests.unit.k8s.builders import warnings


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ("security: {controlPlane: {mtls: false}}", "security.controlPlane.mtls"),
        ("security: {controlPlane: {certProvider: Kubernetes}}", "security.controlPlane.certProvider"),
        ("telemetry: {type: Remote}", "telemetry.type"),
        ("policy: {type: Mixer}", "policy.type"),
        ("gateways: {egress: {service: {type: NodePort}}}", "gateways.egress.service.type"),
        ("gateways: {additionalIngress: {red: {service: {type: LoadBalancer}}}}", "gateways.additionalIngress.red.service.type"),
    ],
)
def test_a_value_that_changes_nothing_is_named(section: str, path: str) -> None:
    assert warnings(SERVICE_MESH_CONTROL_PLANE, f"{{spec: {{{section}}}}}") == [("HBK0390", f"spec.{path}")]


@pytest.mark.parametrize(
    "section",
    ["security: {controlPlane: {mtls: true}}", "telemetry: {type: None}", "policy: {type: Istiod}", "gateways: {ingress: null}"],
)
def test_a_value_that_has_its_effect_is_not(section: str) -> None:
    assert warnings(SERVICE_MESH_CONTROL_PLANE, f"{{spec: {{{section}}}}}") == []


def test_of_what_is_free_in_form_the_fields_that_nobody_reads_are_named() -> None:
    spec = "{techPreview: {controlPlaneMode: MultiTenant, other: 1, meshConfig: {meshMTLS: {}, rootNamespace: a}}, version: v2.3}"
    text = f"{{kind: ServiceMeshControlPlane, spec: {spec}}}"
    found = [path.removeprefix("spec.techPreview.") for _, path in warnings(SERVICE_MESH_CONTROL_PLANE, text)]
    assert found == ["other", "meshConfig.rootNamespace"]
