import pytest

from hauberk.apiserver.status import ApiError
from hauberk.apiserver.subresources.containers import exec_path, log_path, port_of_service, proxy_path, split_port
from hauberk.k8s.kind import Manifest
from tests.unit.apiserver.builders import make_pod, make_service

MAIN = {"name": "main", "image": "i", "ports": [{"name": "web", "containerPort": 9080}]}
ONE = make_pod(containers=[MAIN], nodeName="local") | {"status": {"phase": "Running", "podIP": "10.244.0.5"}}
TWO = make_pod(containers=[MAIN, {"name": "istio-proxy", "image": "i"}], initContainers=[{"name": "init", "image": "i"}], nodeName="local")


def test_a_log_is_asked_of_the_node_with_its_options() -> None:
    assert log_path(ONE, {}) == "/containerLogs/default/p/main?"
    query = {"container": "istio-proxy", "follow": "true", "tailLines": "5", "pretty": "true"}
    assert log_path(TWO, query) == "/containerLogs/default/p/istio-proxy?follow=true&tailLines=5"
    assert log_path(TWO, {"container": "init"}) == "/containerLogs/default/p/init?"


def test_a_pod_without_a_node_has_an_empty_log() -> None:
    assert log_path(make_pod(), {}) is None


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, "a container name must be specified for pod p, choose one of: [main istio-proxy] or one of the init containers: [init]"),
        ({"container": "nope"}, "container nope is not valid for pod p"),
    ],
)
def test_it_must_be_clear_which_container_is_meant(query: dict[str, str], message: str) -> None:
    with pytest.raises(ApiError) as caught:
        log_path(TWO, query)
    assert (caught.value.code, str(caught.value)) == (400, message)


def test_a_command_keeps_its_words_in_order() -> None:
    query = [("command", "sh"), ("command", "-c"), ("command", "echo a&b"), ("stdin", "true"), ("stdout", "true"), ("tty", "false")]
    assert exec_path(ONE, query) == "/exec/default/p/main?command=sh&command=-c&command=echo+a%26b&stdin=1&stdout=1"


@pytest.mark.parametrize(
    ("pod", "query", "message"),
    [
        (make_pod(), [("command", "ls")], "pod p does not have a host assigned"),
        (ONE, [("stdout", "1")], "you must specify at least one command for the container"),
        (
            ONE | {"status": {"phase": "Succeeded"}},
            [("command", "ls")],
            "cannot exec into a container in a completed pod; current phase is Succeeded",
        ),
    ],
)
def test_a_command_needs_a_running_pod(pod: Manifest, query: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(ApiError) as caught:
        exec_path(pod, query)
    assert (caught.value.code, str(caught.value)) == (400, message)


@pytest.mark.parametrize(
    ("port", "rest", "path"),
    [
        ("8080", "/x/y", "/proxy/default/p/8080/x/y"),
        ("web", "", "/proxy/default/p/9080/"),
        ("", "/", "/proxy/default/p/9080/"),
        ("80", "/a b/%2F", "/proxy/default/p/80/a%20b/%2F"),
    ],
)
def test_a_proxied_path_goes_to_a_port(port: str, rest: str, path: str) -> None:
    assert proxy_path(ONE, port, rest) == path


def test_a_pod_that_cannot_be_reached_says_why() -> None:
    with pytest.raises(ApiError, match=r'has no port "nope"'):
        proxy_path(ONE, "nope", "/")
    with pytest.raises(ApiError) as caught:
        proxy_path(make_pod(nodeName="local"), "80", "/")
    assert (caught.value.code, str(caught.value)) == (503, "pod p has no address yet; wait until it is Running")


def test_names_may_carry_scheme_and_port() -> None:
    assert [split_port(name) for name in ("p", "p:80", "http:p:web", ":p:80")] == [("p", ""), ("p", "80"), ("p", "web"), ("p", "80")]
    with pytest.raises(ApiError, match="speaks http only"):
        split_port("https:p:443")


def test_a_services_port_is_found_by_number_or_name() -> None:
    service = make_service(ports=[{"port": 80, "name": "web"}, {"port": 81, "name": "admin"}])
    assert port_of_service(service, "81") == port_of_service(service, "admin") == {"port": 81, "name": "admin"}
    assert port_of_service(make_service(), "") == {"port": 80}
    with pytest.raises(ApiError) as caught:
        port_of_service(service, "")
    assert caught.value.code == 503
