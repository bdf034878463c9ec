"""Pods."""

from typing import Any

import pytest

from hauberk.k8s.parse_workload import parse_workload
from hauberk.model.workload import ContainerPort, Workload


def make_pod(**changes: Any) -> dict[str, Any]:
    pod: dict[str, Any] = {
        "metadata": {"name": "details-1", "namespace": "bookinfo", "labels": {"app": "details", "security.istio.io/tlsMode": "istio"}},
        "spec": {
            "serviceAccountName": "bookinfo-details",
            "nodeName": "local",
            "containers": [{"name": "details", "ports": [{"containerPort": 9080, "name": "http"}, {"containerPort": 9090}]}],
            "initContainers": [{"name": "istio-proxy", "ports": [{"containerPort": 15090, "name": "http-envoy-prom"}]}],
        },
        "status": {"podIP": "10.244.0.5", "phase": "Running"},
    }
    for section, values in changes.items():
        pod[section] = {**pod[section], **values}
    return pod


def test_a_pod_is_a_workload() -> None:
    assert parse_workload(make_pod()) == Workload(
        "bookinfo",
        "details-1",
        "10.244.0.5",
        service_account="bookinfo-details",
        labels={"app": "details", "security.istio.io/tlsMode": "istio"},
        ports=(ContainerPort("http", 9080), ContainerPort("", 9090), ContainerPort("http-envoy-prom", 15090)),
        tls_mode="istio",
        node="local",
        canonical_name="details",
    )


@pytest.mark.parametrize(
    "changes",
    [{"status": {"podIP": ""}}, {"status": {"phase": "Succeeded"}}, {"status": {"phase": "Failed"}}, {"spec": {"hostNetwork": True}}],
)
def test_pods_without_an_address_of_their_own_are_none(changes: dict[str, Any]) -> None:
    assert parse_workload(make_pod(**changes)) is None


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ({"service.istio.io/canonical-name": "c", "app.kubernetes.io/name": "k", "app": "a"}, "c"),
        ({"app.kubernetes.io/name": "k", "app": "a"}, "k"),
        ({"app": "a"}, "a"),
        ({}, "details-1"),
    ],
)
def test_the_canonical_name_follows_istios_order(labels: dict[str, str], name: str) -> None:
    workload = parse_workload(make_pod(metadata={"labels": labels}))
    assert workload is not None
    assert workload.canonical_name == name


def test_a_pod_that_names_no_account_runs_as_default() -> None:
    workload = parse_workload(make_pod(spec={"serviceAccountName": None}))
    assert workload is not None
    assert workload.service_account == "default"
