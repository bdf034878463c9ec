"""details answers as upstream's does."""

import json

import pytest

from hauberk.samples.bookinfo.details import handle


@pytest.mark.parametrize(
    ("target", "status", "said"),
    [
        ("/health", 200, {"status": "Details is healthy"}),
        ("/details/abc", 400, {"error": "please provide numeric product id"}),
        ("/details", 400, {"error": "please provide numeric product id"}),
        ("/", 404, {"error": "/ is not here; ask /details/0"}),
    ],
)
def test_paths_are_answered(make_request, target: str, status: int, said: dict[str, str]) -> None:
    response = handle(make_request(target))
    assert (response.status, json.loads(response.body)) == (status, said)


def test_a_book_has_upstreams_fields(make_request) -> None:
    book = json.loads(handle(make_request("/details/7?x=y")).body)
    assert book["id"] == 7
    assert list(book) == ["id", "author", "year", "type", "pages", "publisher", "language", "ISBN-10", "ISBN-13"]
