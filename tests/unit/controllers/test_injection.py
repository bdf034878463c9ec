from typing import Any

import pytest

from hauberk.controllers.injection import decide_injection, inject_sidecar
from hauberk.controllers.mesh.membership import Mesh
from hauberk.k8s import apps, core, maistra
from hauberk.k8s.kind import Kind, Manifest
from tests.unit.controllers.builders import cluster_of, make_namespace, make_pod, make_replica_set, make_smcp, make_smmr, owner

SMCP, SMMR = maistra.SERVICE_MESH_CONTROL_PLANE, maistra.SERVICE_MESH_MEMBER_ROLL
ASKED = {"sidecar.istio.io/inject": "true"}
MESH = Mesh("istio-system", "basic")


def mesh(*extra: tuple[Kind, Manifest], auto: bool = False) -> list[tuple[Kind, Manifest]]:
    smcp = make_smcp(spec={"proxy": {"injection": {"autoInject": auto}}})
    return [(SMCP, smcp), (SMMR, make_smmr(["bookinfo"])), (core.NAMESPACE, make_namespace("bookinfo")), *extra]


def injected(pod: Manifest, objects: list[tuple[Kind, Manifest]] | None = None) -> Manifest | None:
    return inject_sidecar(pod, cluster_of(*(mesh() if objects is None else objects)), version="1.2")


def details(**fields: Any) -> Manifest:
    labels = {"app": "details", "version": "v1", "pod-template-hash": "abc"}
    replica_set = make_replica_set("details-v1-abc")
    return make_pod(
        "details-v1-abc-x", **({"labels": labels, "annotations": ASKED} | fields), ownerReferences=owner(apps.REPLICA_SET, replica_set)
    )


def test_a_pod_that_asks_gets_a_sidecar_behind_its_own_container() -> None:
    pod = details()
    result = injected(pod)
    assert result is not None
    assert [container["name"] for container in result["spec"]["containers"]] == ["main", "istio-proxy"]
    assert result["spec"]["containers"][1]["image"] == "localhost/hauberk/proxyv2:1.2"
    assert result["metadata"]["labels"] == {
        "app": "details",
        "version": "v1",
        "pod-template-hash": "abc",
        "service.istio.io/canonical-name": "details",
        "service.istio.io/canonical-revision": "v1",
        "security.istio.io/tlsMode": "istio",
        "istio.io/rev": "basic",
    }
    assert result["metadata"]["annotations"] == {
        "sidecar.istio.io/inject": "true",
        "kubectl.kubernetes.io/default-container": "main",
        "sidecar.istio.io/status": (
            '{"initContainers":null,"containers":["istio-proxy"],"volumes":null,"imagePullSecrets":null,"revision":"basic"}'
        ),
        "hauberk.io/mesh": "istio-system/basic",
    }
    assert pod == details()


def test_a_users_own_words_are_kept() -> None:
    labels = {"service.istio.io/canonical-name": "mine", "service.istio.io/canonical-revision": "9"}
    annotations = ASKED | {"kubectl.kubernetes.io/default-container": "other"}
    result = injected(details(labels=labels, annotations=annotations))
    assert result is not None
    assert labels.items() <= result["metadata"]["labels"].items()
    assert result["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"] == "other"


def test_a_pod_without_labels_is_named_by_its_workload() -> None:
    result = injected(details(labels={"pod-template-hash": "abc"}))
    assert result is not None
    assert result["metadata"]["labels"]["service.istio.io/canonical-name"] == "details-v1"
    alone = injected(make_pod("alone", annotations=ASKED))
    assert alone is not None
    assert alone["metadata"]["labels"]["service.istio.io/canonical-name"] == "alone"
    assert alone["metadata"]["labels"]["service.istio.io/canonical-revision"] == "latest"


NOT_HERE = make_namespace("bookinfo", labels={"istio-injection": "disabled"})


@pytest.mark.parametrize(
    "objects",
    [
        [],
        [(SMMR, make_smmr(["bookinfo"]))],
        [(SMCP, make_smcp()), (SMMR, make_smmr(["other"]))],
        [(SMCP, make_smcp()), (SMMR, make_smmr(["bookinfo"])), (core.NAMESPACE, NOT_HERE)],
    ],
)
def test_outside_a_mesh_there_is_no_sidecar(objects: list[tuple[Kind, Manifest]]) -> None:
    assert injected(details(), objects) is None


def test_a_pod_that_does_not_ask_gets_one_only_by_auto_inject() -> None:
    assert injected(details(annotations={})) is None
    assert injected(details(annotations={}), mesh(auto=True)) is not None
    assert injected(details(annotations={"sidecar.istio.io/inject": "false"}), mesh(auto=True)) is None


def test_a_pod_that_brings_its_own_proxy_gets_no_second_one() -> None:
    pod = details(spec={"containers": [{"name": "istio-proxy", "image": "x"}]})
    assert injected(pod) is None
    decision = decide_injection(pod, cluster_of(*mesh()), MESH, version="1")
    assert decision.reason == "the pod brings a container istio-proxy"


def test_a_control_plane_with_an_unknown_profile_fails_no_pod() -> None:
    objects = [(SMCP, make_smcp(spec={"profiles": ["nope"]})), (SMMR, make_smmr(["bookinfo"]))]
    assert injected(details(annotations={}), objects) is None
    assert injected(details(), objects) is not None


def test_the_label_of_upstream_counts_in_a_cluster_wide_mesh() -> None:
    namespace = make_namespace("bookinfo", labels={"istio-injection": "enabled"})
    plain = make_pod("plain")
    for mode, expected in (("ClusterWide", True), ("MultiTenant", False)):
        objects = [(SMCP, make_smcp(version="v2.5", spec={"mode": mode})), (SMMR, make_smmr(["bookinfo"])), (core.NAMESPACE, namespace)]
        assert (injected(plain, objects) is not None) is expected
