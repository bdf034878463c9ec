from datetime import UTC, datetime

import pytest
import yaml
from cryptography import x509

from hauberk.cli.demo.lab import destination_rule, lab_manifests, make_certificates, outside_client
from hauberk.k8s.registry import ALL_KINDS

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def load(text: str) -> list[dict[str, object]]:
    return list(yaml.safe_load_all(text))


@pytest.mark.parametrize("name", ["tls.lab", "tls.lab.svc.cluster.local", "mutual.lab", "mutual.lab.svc.cluster.local"])
def test_the_server_certificate_verifies_for_every_name_that_a_client_may_use(name: str) -> None:
    made = make_certificates(NOW)
    authority, leaf = (x509.load_pem_x509_certificate(pem.encode()) for pem in (made.ca, made.server))
    leaf.verify_directly_issued_by(authority)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert name in names.get_values_for_type(x509.DNSName)


def test_every_lab_object_is_of_a_kind_that_the_api_serves() -> None:
    served = {kind.kind for kind in ALL_KINDS}
    objects = load(lab_manifests(make_certificates(NOW)))
    assert {obj["kind"] for obj in objects} <= served
    assert [obj["metadata"]["name"] for obj in objects if obj["kind"] == "Pod"] == ["plain", "strict", "tls", "mutual", "client"]


def test_only_the_pods_with_a_sidecar_are_injected() -> None:
    pods = [obj for obj in load(lab_manifests(make_certificates(NOW))) if obj["kind"] == "Pod"]
    injected = {pod["metadata"]["name"] for pod in pods if pod["metadata"]["annotations"]["sidecar.istio.io/inject"] == "true"}
    assert injected == {"strict", "client"}


def test_a_destination_rule_carries_the_given_tls_block() -> None:
    (rule,) = load(destination_rule("tls", "{mode: SIMPLE, sni: a}"))
    assert rule["spec"] == {
        "host": "tls.lab.svc.cluster.local",
        "exportTo": ["."],
        "trafficPolicy": {"tls": {"mode": "SIMPLE", "sni": "a"}},
    }


def test_the_outside_client_is_a_program_that_compiles() -> None:
    (pod,) = load(outside_client("ask"))
    assert pod["metadata"] == {"name": "ask", "namespace": "outside"}
    compile(pod["spec"]["containers"][0]["command"][2], "ask", "exec")
