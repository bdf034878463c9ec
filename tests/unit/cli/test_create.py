from tests.unit.cli.conftest import Hauberk, Typed


def test_what_exists_cannot_be_created(namespace: str, hauberk: Hauberk) -> None:
    typed = hauberk("create", "ns", namespace)
    assert typed == Typed("", f'Error from server (AlreadyExists): namespaces "{namespace}" already exists\n', 1)


def test_the_objects_of_a_file_are_created(namespace: str, hauberk: Hauberk) -> None:
    manifest = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}'
    assert hauberk("create", "-n", namespace, "-f", "-", stdin=manifest) == Typed("configmap/c created\n")
    assert hauberk("create", "-n", namespace, "-f", "-", "-o", "name", stdin=manifest.replace('"c"', '"d"')) == Typed("configmap/d\n")


def test_other_words_are_refused(hauberk: Hauberk) -> None:
    typed = hauberk("create", "pod", "x")
    assert (typed.code, typed.err) == (1, "error: Write `hauberk create namespace NAME` or `hauberk create -f FILE`.\n")
