import pytest

from hauberk.cli.logs import choose_container
from hauberk.cli.usage import UsageError
from tests.unit.cli.conftest import Hauberk

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec: {selector: {matchLabels: {app: d}}, template: {metadata: {labels: {app: d}}, spec: {containers: [{name: one, image: x}]}}}
"""


def make_pod(*containers: str, init: tuple[str, ...] = (), default: str = "") -> dict:
    annotations = {"kubectl.kubernetes.io/default-container": default} if default else {}
    spec = {"containers": [{"name": name} for name in containers], "initContainers": [{"name": name} for name in init]}
    return {"metadata": {"name": "p", "annotations": annotations}, "spec": spec}


@pytest.mark.parametrize(
    ("pod", "asked", "chosen", "told"),
    [
        (make_pod("app"), "", "app", ""),
        (make_pod("app", "istio-proxy"), "", "app", 'Defaulted container "app" out of: app, istio-proxy\n'),
        (make_pod("app", init=("setup",)), "", "app", 'Defaulted container "app" out of: app, setup (init)\n'),
        (make_pod("app", "istio-proxy", default="istio-proxy"), "", "istio-proxy", ""),
        (make_pod("app", "istio-proxy"), "istio-proxy", "istio-proxy", ""),
        (make_pod("app", init=("setup",)), "setup", "setup", ""),
    ],
)
def test_the_container_to_talk_to(pod: dict, asked: str, chosen: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert (choose_container(pod, asked), capsys.readouterr().err) == (chosen, told)


def test_a_container_that_the_pod_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="container nope is not valid for pod p"):
        choose_container(make_pod("app"), "nope")


def test_a_pod_that_is_not_there_has_no_log(namespace: str, hauberk: Hauberk) -> None:
    typed = hauberk("logs", "nope", "-n", namespace)
    assert (typed.code, typed.err) == (1, 'Error from server (NotFound): pods "nope" not found\n')


def test_a_deployment_without_pods_has_no_log(namespace: str, hauberk: Hauberk) -> None:
    hauberk("create", "-n", namespace, "-f", "-", stdin=DEPLOYMENT)
    typed = hauberk("logs", "deploy/d", "-n", namespace)
    assert (typed.code, "deploy/d has no pod" in typed.err) == (1, True)


@pytest.mark.parametrize("since", ["5", "x", "1d"])
def test_a_time_that_cannot_be_read_is_refused(hauberk: Hauberk, since: str) -> None:
    typed = hauberk("logs", "p", "--since", since)
    assert (typed.code, f"--since {since}" in typed.err) == (1, True)
