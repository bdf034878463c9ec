"""What is refused by name."""

from typing import Any

import pytest

from hauberk.node.pod.support import find_unsupported


def make_pod(container: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "c", **(container or {})}], **spec}}


@pytest.mark.parametrize(
    ("pod", "words"),
    [
        (make_pod(hostNetwork=True), "spec.hostNetwork is not implemented"),
        (make_pod(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), 'volume "v": hostPath is not implemented'),
        (make_pod(volumes=[{"name": "v", "persistentVolumeClaim": {}}]), 'volume "v": persistentVolumeClaim is not implemented'),
        (make_pod({"lifecycle": {"preStop": {}}}), 'container "c": lifecycle is not implemented'),
        (make_pod({"livenessProbe": {"grpc": {"port": 1}}}), "livenessProbe of c: grpc is not implemented"),
        (make_pod({"readinessProbe": {"httpGet": {"port": "web"}}}), 'the container has no port named "web"'),
    ],
)
def test_what_is_missing_here_is_named(pod: dict[str, Any], words: str) -> None:
    assert words in find_unsupported(pod)


def test_everything_that_is_missing_is_named_at_once() -> None:
    assert len(find_unsupported(make_pod({"lifecycle": {"preStop": {}}}, hostPID=True)).split("; ")) == 2


def test_an_ordinary_pod_is_not_refused() -> None:
    container = {"securityContext": {"runAsUser": 1000}, "livenessProbe": {"tcpSocket": {"port": 80}}}
    assert find_unsupported(make_pod(container, hostNetwork=False, volumes=[{"name": "v", "emptyDir": {}}])) == ""
