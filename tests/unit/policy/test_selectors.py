"""Matching of labels, hosts and exports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.policy.selectors import exported_to, host_matches, most_specific, selects

HOST = "reviews.bookinfo.svc.cluster.local"


def test_a_selector_needs_each_of_its_labels() -> None:
    assert selects({"app": "a"}, {"app": "a", "version": "v1"})
    assert not selects({"app": "a", "version": "v2"}, {"app": "a", "version": "v1"})
    assert selects({}, {})


@pytest.mark.parametrize(
    ("pattern", "covers"),
    [
        (HOST, True),
        (HOST.upper(), True),
        ("*", True),
        ("*.local", True),
        ("*.bookinfo.svc.cluster.local", True),
        ("*.other", False),
        ("reviews", False),
    ],
)
def test_hosts_match_exactly_or_by_a_leading_wildcard(pattern: str, covers: bool) -> None:
    assert host_matches(pattern, HOST) is covers


def test_the_exact_name_is_most_specific_then_the_longest_wildcard() -> None:
    patterns = ["*", "*.local", "*.bookinfo.svc.cluster.local", HOST]
    assert most_specific(patterns, HOST) == HOST
    assert most_specific(patterns[:3], HOST) == "*.bookinfo.svc.cluster.local"
    assert most_specific(["*.other"], HOST) is None


@given(st.permutations(["*", "*.local", "*.svc.cluster.local", "x.y"]))
def test_the_order_of_patterns_does_not_count(patterns: list[str]) -> None:
    assert most_specific(patterns, HOST) == "*.svc.cluster.local"


@pytest.mark.parametrize(
    ("export_to", "viewer", "seen"),
    [
        ((), "other", True),
        (("*",), "other", True),
        ((".",), "other", False),
        ((".",), "owner", True),
        (("other",), "other", True),
        (("other",), "owner", False),
        (("~",), "owner", False),
    ],
)
def test_export_to_says_who_sees(export_to: tuple[str, ...], viewer: str, seen: bool) -> None:
    assert exported_to(export_to, owner="owner", viewer=viewer) is seen
