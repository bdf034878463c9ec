from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.k8s import syntax


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (syntax.dns1123_label, ["a", "a-1", "0", "a" * 63], ["", "A", "a.b", "-a", "a-", "a_b", "a" * 64, "a\n"]),
        (syntax.dns1123_subdomain, ["a", "a.b-c.d", "e.1"], ["", ".a", "a..b", "Bad_", "a" * 254]),
        (syntax.dns1035_label, ["a", "a-1"], ["1a", "", "A"]),
        (syntax.qualified_name, ["a", "app.kubernetes.io/name", "A_b.c"], ["", "-x", "p/q/r", "UPPER.com/x", "/x", "a/", "b ad", "a" * 64]),
        (syntax.label_value, ["", "v1", "A.b_c"], ["a b", "-a", "a" * 64]),
        (syntax.port_name, ["http", "http-2", "a1"], ["80", "UPPER", "BAD_x", "a--b", "-a", "a" * 16, ""]),
    ],
)
def test_what_upstream_takes_and_refuses(rule: Callable[[str], list[str]], good: list[str], bad: list[str]) -> None:
    assert {value: rule(value) for value in good} == {value: [] for value in good}
    assert [value for value in bad if not rule(value)] == []


def test_ports() -> None:
    assert [syntax.port_number(port) for port in (1, 65535)] == [[], []]
    assert [syntax.port_number(port) for port in (0, 65536, -1)] == [["must be between 1 and 65535, inclusive"]] * 3


def test_the_text_is_upstreams() -> None:
    assert syntax.label_value("a b") == [
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
        "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
    ]
    assert syntax.qualified_name("-x") == [
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    ]


@given(st.text(max_size=70))
def test_a_label_is_a_subdomain_and_a_subdomain_a_qualified_name(text: str) -> None:
    if not syntax.dns1123_label(text):
        assert not syntax.dns1123_subdomain(text)
        assert not syntax.qualified_name(text)
        assert not syntax.label_value(text)
