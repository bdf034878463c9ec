from tests.unit.cli.conftest import Hauberk


def test_an_unknown_kind_is_told_with_those_that_there_are(hauberk: Hauberk) -> None:
    typed = hauberk("proxy-config", "filters", "pod")
    assert (typed.code, typed.err) == (1, "error: unknown kind filters; there is listeners, clusters, routes, endpoints, secrets\n")


def test_a_pod_that_is_not_there_is_told(namespace: str, hauberk: Hauberk) -> None:
    typed = hauberk("proxy-config", "clusters", "nope", "-n", namespace)
    assert (typed.code, typed.err) == (1, 'Error from server (NotFound): pods "nope" not found\n')


def test_a_pod_without_envoy_is_told(namespace: str, hauberk: Hauberk) -> None:
    pod = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"x"}]}}'
    hauberk("create", "-n", namespace, "-f", "-", stdin=pod)
    typed = hauberk("proxy-config", "clusters", "p", "-n", namespace)
    assert (typed.code, typed.err) == (1, "error: container istio-proxy is not valid for pod p\n")
