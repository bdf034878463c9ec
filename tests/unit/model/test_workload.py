"""Workloads."""

from hauberk.model.identity import TrustDomain
from hauberk.model.objects import ObjectRef
from tests.unit.model.builders import make_workload


def test_a_workload_is_its_pod_and_its_account() -> None:
    workload = make_workload("details-1", account="bookinfo-details")
    assert workload.ref == ObjectRef("Pod", "bookinfo", "details-1")
    assert str(workload.identity(TrustDomain("cluster.local"))) == "spiffe://cluster.local/ns/bookinfo/sa/bookinfo-details"


def test_only_the_tls_mode_istio_means_a_sidecar() -> None:
    assert make_workload(sidecar=True).has_sidecar
    assert not make_workload(sidecar=False).has_sidecar
