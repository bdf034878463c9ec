"""A mesh out of manifests, and what one of its Envoys would get."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hauberk import samples
from hauberk.errors import ConfigError, NotFoundError
from hauberk.model.security import MtlsMode
from hauberk.runtime.offline import build_proxy, read_mesh
from tests.golden.static import static_bootstrap, validate

SAMPLES = Path(samples.__file__).parent
ENABLED = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bookinfo", "labels": {"istio-injection": "enabled"}}}
PLANE = """
apiVersion: maistra.io/v2
kind: ServiceMeshControlPlane
metadata: {name: basic, namespace: mesh}
spec: {version: v2.1, security: {dataPlane: {mtls: true}, trust: {domain: prod.example}}}
---
apiVersion: maistra.io/v1
kind: ServiceMeshMemberRoll
metadata: {name: default, namespace: mesh}
spec: {members: [bookinfo]}
"""


def bookinfo(*more: dict[str, Any]) -> list[dict[str, Any]]:
    documents = [one for one in yaml.safe_load_all((SAMPLES / "bookinfo.yaml").read_text()) if one]
    return [{**one, "metadata": {**one["metadata"], "namespace": "bookinfo"}} for one in documents] + list(more)


def plane() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(PLANE))


def names_of(resources: list[dict[str, Any]]) -> set[str]:
    return {one.get("name") or one["cluster_name"] for one in resources}


def test_without_a_control_plane_the_mesh_is_istios_default() -> None:
    mesh = read_mesh(bookinfo(ENABLED), "bookinfo", version="1")
    assert (mesh.view.settings.root_namespace, mesh.view.settings.trust_domain.name, mesh.view.settings.auto_mtls) == (
        "istio-system",
        "cluster.local",
        True,
    )
    assert mesh.unused == ()


def test_a_workload_gets_everything_that_its_pods_would_get(tmp_path: Path) -> None:
    built = build_proxy(read_mesh(bookinfo(ENABLED), "bookinfo", version="1"), "bookinfo", "reviews-v1")
    assert list(built) == ["bootstrap", "listeners", "clusters", "routes", "endpoints", "secrets"]
    assert built["bootstrap"]["node"]["id"].endswith("~reviews-v1.bookinfo~bookinfo.svc.cluster.local")
    assert "outbound|9080||ratings.bookinfo.svc.cluster.local" in names_of(built["clusters"])
    assert names_of(built["routes"]) == {"9080"}
    (reviews,) = [one for one in built["endpoints"] if one["cluster_name"] == "outbound|9080||reviews.bookinfo.svc.cluster.local"]
    assert len(reviews["endpoints"][0]["lb_endpoints"]) == 3
    assert names_of(built["secrets"]) == {"default", "ROOTCA"}
    assert "private_key" not in str(built)
    parts = {section: built[section] for section in ("listeners", "clusters", "routes", "endpoints")}
    validate(static_bootstrap(json.dumps(built["bootstrap"]).encode(), parts), tmp_path)


def test_the_same_files_give_the_same_configuration() -> None:
    one, other = (
        build_proxy(read_mesh(some, "bookinfo", version="1"), "bookinfo", "details-v1")
        for some in (bookinfo(ENABLED), [ENABLED, *bookinfo()])
    )
    assert one == other


def test_a_control_plane_brings_its_settings_and_the_policies_that_the_operator_makes() -> None:
    mesh = read_mesh([*plane(), *bookinfo()], "bookinfo", version="1")
    settings = mesh.view.settings
    assert (settings.root_namespace, settings.name, settings.trust_domain.name) == ("mesh", "basic", "prod.example")
    workload = mesh.view.workload("bookinfo", "details-v1")
    assert workload is not None
    assert workload.has_sidecar
    assert mesh.view.modes(workload).workload.mode is MtlsMode.STRICT


def test_a_policy_in_the_files_goes_before_the_operators() -> None:
    metadata = {"name": "default", "namespace": "mesh"}
    policy = {
        "apiVersion": "security.istio.io/v1beta1",
        "kind": "PeerAuthentication",
        "metadata": metadata,
        "spec": {"mtls": {"mode": "DISABLE"}},
    }
    mesh = read_mesh([*plane(), *bookinfo(), policy], "bookinfo", version="1")
    workload = mesh.view.workload("bookinfo", "details-v1")
    assert workload is not None
    assert mesh.view.modes(workload).workload.mode is MtlsMode.DISABLE


def test_a_namespace_outside_every_mesh_is_told() -> None:
    with pytest.raises(ConfigError, match="Namespace other is in no mesh"):
        read_mesh([*plane(), *bookinfo()], "other", version="1")


def test_a_pod_without_sidecar_is_told() -> None:
    with pytest.raises(ConfigError, match="bookinfo/details-v1 gets no sidecar"):
        build_proxy(read_mesh(bookinfo(), "bookinfo", version="1"), "bookinfo", "details-v1")


def test_a_name_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(NotFoundError, match=r"no pod or workload bookinfo/nope .* bookinfo/details-v1"):
        build_proxy(read_mesh(bookinfo(ENABLED), "bookinfo", version="1"), "bookinfo", "nope")


def test_a_gateway_is_a_router() -> None:
    labels = {"istio": "ingressgateway", "inject.istio.io/templates": "gateway", "sidecar.istio.io/inject": "true"}
    metadata = {"name": "ingress", "namespace": "bookinfo", "labels": labels}
    gateway = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "istio-proxy", "image": "auto"}]}}
    built = build_proxy(read_mesh(bookinfo(ENABLED, gateway), "bookinfo", version="1"), "bookinfo", "ingress")
    assert built["bootstrap"]["node"]["id"].startswith("router~")


def test_an_object_that_cannot_be_used_is_told_and_left_out() -> None:
    metadata = {"name": "bad", "namespace": "bookinfo"}
    spec = {"host": "reviews", "trafficPolicy": {"tls": {"mode": "NOSUCH"}}}
    rule = {"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": metadata, "spec": spec}
    (sentence,) = read_mesh(bookinfo(ENABLED, rule), "bookinfo", version="1").unused
    assert sentence.startswith("DestinationRule bookinfo/bad is left out: ")


def test_objects_without_namespace_are_where_kubectl_would_put_them() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": []}}
    assert list(read_mesh([pod], "default", version="1").pods) == [("default", "p")]
