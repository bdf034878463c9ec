from tests.unit.cli.conftest import Hauberk


def test_a_pod_that_is_not_there_runs_nothing(namespace: str, hauberk: Hauberk) -> None:
    typed = hauberk("exec", "nope", "-n", namespace, "--", "ls", "-l")
    assert (typed.code, typed.err) == (1, 'Error from server (NotFound): pods "nope" not found\n')


def test_a_command_is_needed(hauberk: Hauberk) -> None:
    assert hauberk("exec", "pod").code == 2


def test_a_pod_that_does_not_run_is_told(namespace: str, hauberk: Hauberk) -> None:
    pod = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"x"}]}}'
    hauberk("create", "-n", namespace, "-f", "-", stdin=pod)
    typed = hauberk("exec", "p", "-n", namespace, "--", "ls")
    assert typed.code == 1
    assert typed.err.count("\n") == 1
