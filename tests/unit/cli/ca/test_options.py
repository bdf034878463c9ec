from datetime import timedelta

import pytest

from hauberk.cli.ca.options import KEY_KINDS, lifetime_of, make_key_of_kind, print_facts
from hauberk.cli.usage import UsageError
from hauberk.pki.keys import describe_key


def test_each_kind_of_key_is_made_as_it_is_called() -> None:
    quick = [kind for kind in KEY_KINDS if kind not in ("rsa-3072", "rsa-4096")]
    assert [describe_key(make_key_of_kind(kind).public_key()) for kind in quick] == ["ECDSA P-256", "ECDSA P-384", "RSA 2048"]


def test_a_kind_of_key_that_is_too_weak_is_refused_with_those_that_are_made() -> None:
    with pytest.raises(UsageError, match="--key rsa-1024: write one of ecdsa-p256, ecdsa-p384, rsa-2048"):
        make_key_of_kind("rsa-1024")


def test_a_lifetime_is_a_number_of_days() -> None:
    assert lifetime_of(30) == timedelta(days=30)
    for days in (0, -1, 10**9):
        with pytest.raises(UsageError, match="write a number from 1 to 36500"):
            lifetime_of(days)


@pytest.mark.parametrize(("output", "printed"), [("json", '{\n  "a": [\n    1\n  ]\n}\n'), ("yaml", "a:\n- 1\n"), ("text", "one\n")])
def test_facts_are_printed_in_each_form(capsys: pytest.CaptureFixture[str], output: str, printed: str) -> None:
    print_facts({"a": [1]}, output, lambda: "one")
    assert capsys.readouterr().out == printed


def test_another_form_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match='output format "wide", allowed formats are: json,text,yaml'):
        print_facts({}, "wide", str)
