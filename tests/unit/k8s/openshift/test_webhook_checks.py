from hauberk.k8s.maistra import SERVICE_MESH_CONTROL_PLANE
from tests.unit.k8s.builders import errors


def test_each_of_the_webhooks_words_has_its_path() -> None:
    gateways = "{additionalIngress: {istio-egressgateway: {}, red: {}}, additionalEgress: {red: {namespace: other}, blue: {}}}"
    spec = f"{{version: v2.4, techPreview: {{controlPlaneMode: x}}, gateways: {gateways}}}"
    assert [path for path, _ in errors(SERVICE_MESH_CONTROL_PLANE, f"{{kind: ServiceMeshControlPlane, spec: {spec}}}")] == [
        "spec.techPreview.controlPlaneMode",
        "spec.gateways.additionalIngress.istio-egressgateway",
    ]


def test_two_gateways_in_one_namespace_need_two_names() -> None:
    gateways = "{additionalIngress: {red: {namespace: a}}, additionalEgress: {red: {namespace: a}}}"
    found = errors(SERVICE_MESH_CONTROL_PLANE, f"{{kind: ServiceMeshControlPlane, spec: {{gateways: {gateways}}}}}")
    assert found == [("spec.gateways.additionalEgress.red", 'multiple gateways defined for "a/red"')]
