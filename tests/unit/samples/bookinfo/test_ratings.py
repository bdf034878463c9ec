"""ratings answers as upstream's does, and keeps what is posted."""

import json

import pytest

from hauberk.samples.bookinfo.ratings import Ratings


@pytest.mark.parametrize(
    ("target", "status", "said"),
    [
        ("/health", 200, {"status": "Ratings is healthy"}),
        ("/ratings/0", 200, {"id": 0, "ratings": {"Reviewer1": 5, "Reviewer2": 4}}),
        ("/ratings/x", 400, {"error": "please provide numeric product ID"}),
        ("/elsewhere", 404, {"error": "/elsewhere is not here; ask /ratings/0"}),
    ],
)
def test_paths_are_answered(make_request, target: str, status: int, said: dict[str, object]) -> None:
    response = Ratings().handle(make_request(target))
    assert (response.status, json.loads(response.body)) == (status, said)


def test_what_is_posted_is_answered_from_then_on_for_that_book(make_request) -> None:
    ratings = Ratings()
    ratings.handle(make_request("/ratings/1", method="POST", body=b'{"Reviewer1": 1}'))
    assert json.loads(ratings.handle(make_request("/ratings/1")).body) == {"id": 1, "ratings": {"Reviewer1": 1}}
    assert json.loads(ratings.handle(make_request("/ratings/2")).body)["ratings"] == {"Reviewer1": 5, "Reviewer2": 4}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"Reviewer1": "five"}'])
def test_what_are_no_ratings_is_refused(make_request, body: bytes) -> None:
    response = Ratings().handle(make_request("/ratings/1", method="POST", body=body))
    assert (response.status, json.loads(response.body)) == (400, {"error": "please provide valid ratings JSON"})
