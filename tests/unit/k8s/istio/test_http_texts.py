"""Texts of HTTP routes: what Envoy takes passes, what it would refuse is refused (each tried with `envoy --mode validate`)."""

import pytest

from hauberk.k8s.istio.http_route_parts import HeaderOperations, Headers, HttpBody
from hauberk.k8s.istio.http_texts import check_body, check_headers, check_line, check_names
from hauberk.k8s.review import Review

CODE = "HBK0211"


def paths(review: Review) -> list[str]:
    return [finding.path for finding in review.findings]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (HeaderOperations(set={"x": "a", "host": "b"}, add={"y": "50%%"}, remove=["z"]), []),
        (HeaderOperations(set={"x": "%DOWNSTREAM_REMOTE_ADDRESS%"}, add={"y": "a %REQ(:path):10% b"}), []),
        (HeaderOperations(set={":path": "/"}), ["h.request.set[:path]"]),
        (HeaderOperations(add={"": "b"}), ["h.request.add[]"]),
        (HeaderOperations(add={"a\nb": "c"}), ["h.request.add[a\nb]"]),
        (HeaderOperations(add={"x": "a\rb"}), ["h.request.add[x]"]),
        (HeaderOperations(add={"x": "50%"}), ["h.request.add[x]"]),
        (HeaderOperations(remove=["Host"]), ["h.request.remove[Host]"]),
    ],
)
def test_changes_to_headers_are_those_that_envoy_takes(changes: HeaderOperations, expected: list[str]) -> None:
    review = Review({})
    check_headers(Headers(request=changes), "h", review, code=CODE)
    assert paths(review) == expected


def test_an_answer_has_no_host_to_write() -> None:
    review = Review({})
    check_headers(Headers(response=HeaderOperations(set={"host": "a"})), "h", review, code=CODE)
    check_headers(None, "h", review, code=CODE)
    assert paths(review) == ["h.response.set[host]"]


def test_names_and_lines() -> None:
    review = Review({})
    check_names(["x", ""], "n", review, code=CODE)
    check_line("a", "l", review, code=CODE)
    check_line(None, "l", review, code=CODE)
    check_line("a\0b", "l", review, code=CODE)
    assert paths(review) == ["n[]", "l"]


@pytest.mark.parametrize(
    ("body", "expected"), [(None, []), (HttpBody(string="?"), []), (HttpBody(bytes="YQ=="), []), (HttpBody(bytes="?"), ["b.bytes"])]
)
def test_bytes_are_base64(body: HttpBody | None, expected: list[str]) -> None:
    review = Review({})
    check_body(body, "b", review, code=CODE)
    assert paths(review) == expected
