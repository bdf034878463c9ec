import pytest

from hauberk.cli.arguments import as_typed_here


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        (["patch", '-p=[{"op":"add"}]', "-n", "a"], ["patch", "-p", '[{"op":"add"}]', "-n", "a"]),
        (["-o=jsonpath={.a}"], ["-o", "jsonpath={.a}"]),
        (["-p=one\ntwo"], ["-p", "one\ntwo"]),
        (["--wait=false"], ["--no-wait"]),
        (["--wait=true"], ["--wait"]),
        (["--ignore-not-found=true", "--watch=false"], ["--ignore-not-found"]),
        (["--type=merge", "--for=delete"], ["--type=merge", "--for=delete"]),
        (["--other=true"], ["--other=true"]),
        (["exec", "p", "--", "sh", "-c=x", "--wait=false"], ["exec", "p", "--", "sh", "-c=x", "--wait=false"]),
    ],
)
def test_kubectls_spellings_become_those_that_are_known(typed: list[str], known: list[str]) -> None:
    assert as_typed_here(typed) == known
