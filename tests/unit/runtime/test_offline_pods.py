"""Pods out of manifests: who gets a sidecar, and which address."""

from typing import Any

import pytest

from hauberk.k8s import apps, core
from hauberk.names import LABEL_TLS_MODE
from hauberk.runtime.offline_pods import ManifestReader, addressed, pods_of, with_cluster_ips

CONTAINER = {"name": "app", "image": "x"}


def pod(name: str = "p", *, labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "books", "labels": labels or {}, "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [CONTAINER], **spec}}


def namespace(**labels: str) -> dict[str, Any]:
    named = {key.replace("_", "-"): value for key, value in labels.items()}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "books", "labels": named}}


INJECT = "sidecar.istio.io/inject"
ENABLED, DISABLED, BARE = namespace(istio_injection="enabled"), namespace(istio_injection="disabled"), namespace()
REVISION = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "books", "labels": {"istio.io/rev": "canary"}}}


@pytest.mark.parametrize(
    ("home", "manifest", "injected"),
    [
        (ENABLED, pod(), True),
        (REVISION, pod(), True),
        (BARE, pod(), False),
        (DISABLED, pod(labels={INJECT: "true"}), False),
        (BARE, pod(labels={INJECT: "true"}), True),
        (ENABLED, pod(labels={INJECT: "false"}), False),
        (ENABLED, pod(annotations={INJECT: "false"}), False),
        (BARE, pod(annotations={INJECT: "true"}), False),
        (ENABLED, pod(hostNetwork=True), False),
        (BARE, pod(containers=[CONTAINER, {"name": "istio-proxy"}]), True),
    ],
)
def test_istios_labels_decide_who_gets_a_sidecar(home: dict[str, Any], manifest: dict[str, Any], injected: bool) -> None:
    objects = [home, manifest]
    (found,) = pods_of(objects, ManifestReader(objects), openshift=False, version="1")
    assert (found["metadata"]["labels"].get(LABEL_TLS_MODE) == "istio") is injected


def test_system_namespaces_are_left_alone() -> None:
    manifest = pod(labels={INJECT: "true"})
    manifest["metadata"]["namespace"] = "kube-system"
    (found,) = pods_of([manifest], ManifestReader([manifest]), openshift=False, version="1")
    assert LABEL_TLS_MODE not in found["metadata"]["labels"]


def test_a_workload_is_stood_for_by_one_pod_of_its_template() -> None:
    template = {"metadata": {"labels": {"app": "reviews", "version": "v1"}}, "spec": {"containers": [CONTAINER]}}
    metadata = {"name": "reviews-v1", "namespace": "books"}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": 3, "template": template}}
    (found,) = pods_of([deployment, ENABLED], ManifestReader([]), openshift=False, version="1")
    assert found["metadata"] == metadata | {
        "labels": {
            "app": "reviews",
            "version": "v1",
            "security.istio.io/tlsMode": "istio",
            "service.istio.io/canonical-name": "reviews",
            "service.istio.io/canonical-revision": "v1",
        }
    }


def test_addresses_are_counted_out_around_those_that_are_given() -> None:
    given = {**pod("b"), "status": {"podIP": "10.244.0.1"}}
    assert [one["status"]["podIP"] for one in addressed([pod("a"), given, pod("c")])] == ["10.244.0.2", "10.244.0.1", "10.244.0.3"]


def test_services_get_an_address_unless_they_are_headless_or_elsewhere() -> None:
    specs = {"a": {}, "b": {"clusterIP": "None"}, "c": {"type": "ExternalName"}, "d": {"clusterIP": "10.96.0.11"}}
    services = [{"metadata": {"name": name, "namespace": "x"}, "spec": spec} for name, spec in specs.items()]
    assert [one["spec"].get("clusterIP") for one in with_cluster_ips(services)] == ["10.96.0.12", "None", None, "10.96.0.11"]


def test_the_reader_looks_manifests_up_as_a_cluster_would() -> None:
    reader = ManifestReader([pod("a"), ENABLED])
    assert reader.get(core.POD, "books", "a") == pod("a")
    assert reader.get(core.NAMESPACE, "", "books") == ENABLED
    assert reader.get(core.POD, "other", "a") is None
    assert (len(reader.list(core.POD)), len(reader.list(core.POD, "other")), len(reader.list(apps.DEPLOYMENT))) == (1, 0, 0)
