import pytest

from hauberk.k8s.maistra import SERVICE_MESH_CONTROL_PLANE
from hauberk.k8s.schema import unknown_fields
from tests.unit.k8s.builders import errors, load, warnings

DOCUMENTED = """
spec:
  tracing: {type: Jaeger}
  policy: {type: Istiod}
  telemetry: {type: Istiod}
  proxy: {injection: {autoInject: true}, networking: {trafficControl: {outbound: {policy: REGISTRY_ONLY}}}}
  addons:
    jaeger: {name: jaeger, install: {storage: {type: Memory}}}
    kiali: {enabled: true, name: mine}
    prometheus: {enabled: false}
    grafana: {enabled: true}
  gateways:
    enabled: true
    openshiftRoute: {enabled: false}
    ingress: {enabled: true, routeConfig: {enabled: true}, service: {type: ClusterIP, metadata: {labels: {a: b}}}}
    egress: {enabled: false, namespace: edge, runtime: {deployment: {replicas: 2}}}
    additionalIngress: {other: {service: {ports: [{name: http2, port: 80, targetPort: 8080}, {port: 443, targetPort: https}]}}}
"""


def test_the_documented_sections_are_known() -> None:
    assert unknown_fields(SERVICE_MESH_CONTROL_PLANE, load(DOCUMENTED)) == []
    assert (errors(SERVICE_MESH_CONTROL_PLANE, DOCUMENTED), warnings(SERVICE_MESH_CONTROL_PLANE, DOCUMENTED)) == ([], [])


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ("tracing: {sampling: 100}", "tracing.sampling"),
        ("addons: {3scale: {a: b}}", "addons[3scale]"),
        ("gateways: {additionalEgress: {e: {volumes: [{}]}}}", "gateways.additionalEgress.e.volumes"),
        ("gateways: {ingress: {service: {ports: [{port: 80, nodePort: 30080}]}}}", "gateways.ingress.service.ports[0].nodePort"),
        ("gateways: {egress: {service: {clusterIP: None}}}", "gateways.egress.service.clusterIP"),
        ("proxy: {networking: {protocol: {autoDetect: {inbound: true}}}}", "proxy.networking.protocol"),
        ("runtime: {components: {pilot: {}}}", "runtime"),
        ("techPreview: {a: b}", "techPreview.a"),
    ],
)
def test_what_is_not_implemented_is_said_by_name(section: str, path: str) -> None:
    assert warnings(SERVICE_MESH_CONTROL_PLANE, f"{{spec: {{{section}}}}}") == [("HBK0390", f"spec.{path}")]


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ("tracing: {sampling: 10001}", "tracing.sampling"),
        ("gateways: {ingress: {service: {type: Magic}}}", "gateways.ingress.service.type"),
        ("gateways: {egress: {service: {ports: [{}]}}}", "gateways.egress.service.ports[0].port"),
        ("proxy: {networking: {trafficControl: {outbound: {policy: ALLOW}}}}", "proxy.networking.trafficControl.outbound.policy"),
        ("addons: {jaeger: {install: {storage: {type: Disk}}}}", "addons.jaeger.install.storage.type"),
    ],
)
def test_bad_values_are_refused(section: str, path: str) -> None:
    assert [found for found, _ in errors(SERVICE_MESH_CONTROL_PLANE, f"{{spec: {{{section}}}}}")] == [f"spec.{path}"]
