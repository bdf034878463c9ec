"""`hauberk build` as it is typed."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Hauberk

MANIFESTS = """
apiVersion: v1
kind: Namespace
metadata: {name: books, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: details, namespace: books, labels: {app: details}}
spec: {containers: [{name: app, image: x}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: broken, namespace: books}
spec: {host: details, trafficPolicy: {tls: {mode: NOSUCH}}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mesh.yaml"
    path.write_text(MANIFESTS)
    return path


def test_one_object_with_everything_of_one_envoy(file: Path, hauberk: Hauberk) -> None:
    typed = hauberk("build", "-f", str(file), "--proxy", "books/details", "-o", "json")
    assert typed.code == 0
    assert list(json.loads(typed.out)) == ["bootstrap", "listeners", "clusters", "routes", "endpoints", "secrets"]
    assert typed.err.startswith("Warning: DestinationRule books/broken is left out: ")


def test_a_pod_that_is_not_in_the_files_is_told(file: Path, hauberk: Hauberk) -> None:
    typed = hauberk("build", "-f", str(file), "--proxy", "books/reviews")
    assert (typed.code, typed.err.splitlines()[-1]) == (
        1,
        "error: There is no pod or workload books/reviews in the manifests. There is: books/details.",
    )


def test_the_proxy_is_a_namespace_and_a_name(file: Path, hauberk: Hauberk) -> None:
    typed = hauberk("build", "-f", str(file), "--proxy", "details")
    assert (typed.code, typed.err) == (1, "error: --proxy details: write NAMESPACE/POD, such as bookinfo/reviews-v1.\n")
