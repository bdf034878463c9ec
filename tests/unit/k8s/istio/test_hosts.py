import pytest

from hauberk.k8s.istio.hosts import check_export, check_host, check_regex
from hauberk.k8s.review import Review


@pytest.mark.parametrize(
    ("host", "sound"),
    [
        ("reviews", True),
        ("reviews.shop.svc.cluster.local", True),
        ("*.local", True),
        ("*", True),
        ("a.b.", True),
        ("", False),
        ("a b", False),
        ("a..b", False),
        ("a.*", False),
        ("http://a", False),
        ("x" * 256, False),
    ],
)
def test_hosts(host: str, sound: bool) -> None:
    review = Review({})
    check_host(host, "spec.host", review, code="HBK0204")
    assert [finding.path for finding in review.findings] == ([] if sound else ["spec.host"])


@pytest.mark.parametrize(
    ("exports", "paths"), [([], []), (["."], []), (["*"], []), (["shop", "."], []), (["A"], ["e[0]"]), (["*", "."], ["e"])]
)
def test_exports(exports: list[str], paths: list[str]) -> None:
    review = Review({})
    check_export(exports, "e", review, code="HBK0204")
    assert [finding.path for finding in review.findings] == paths


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("/api/v[0-9]+", None),
        ("(?P<id>x)", None),
        ("(", "is no regular expression"),
        ("(?=a)", "looks ahead"),
        ("(?<!a)b", "looks ahead"),
        (r"(a)\1", "looks ahead"),
        ("", "is empty"),
        ("a{2,1000}", None),
        ("1,2000,3", None),
        ("a{1001}", "repeats more"),
        ("a{1,1001}", "repeats more"),
    ],
)
def test_regular_expressions_are_those_that_envoy_takes(pattern: str, problem: str | None) -> None:
    review = Review({})
    check_regex(pattern, "p", review, code="HBK0211")
    assert [problem in finding.message for finding in review.findings if problem] == ([True] if problem else [])
    assert bool(review.findings) == bool(problem)
