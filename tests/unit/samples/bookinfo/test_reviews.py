"""reviews in its three versions, with ratings there, away, or broken."""

import json

import pytest

from hauberk.samples.bookinfo.ratings import Ratings
from hauberk.samples.bookinfo.reviews import Edition, Reviews
from hauberk.samples.web import Request, Response

URL = "http://ratings:9080/ratings"


@pytest.mark.parametrize(
    ("version", "environ", "edition"),
    [
        ("v1", {}, Edition("v1", None, "black")),
        ("v2", {}, Edition("v2", URL, "black")),
        ("v3", {}, Edition("v3", URL, "red")),
        ("v1", {"ENABLE_RATINGS": "true", "STAR_COLOR": "gold"}, Edition("v1", URL, "gold")),
        ("v3", {"ENABLE_RATINGS": "false"}, Edition("v3", None, "red")),
    ],
)
def test_a_version_has_its_looks_and_the_environment_the_last_word(version: str, environ: dict[str, str], edition: Edition) -> None:
    assert Edition.of(version, environ) == edition


def ratings_of(response: Response) -> list[object]:
    return [review.get("rating") for review in json.loads(response.body)["reviews"]]


def test_v1_has_no_stars_and_says_who_it_is(make_request, monkeypatch) -> None:
    monkeypatch.setenv("HOSTNAME", "reviews-v1-abc")
    monkeypatch.delenv("CLUSTER_NAME", raising=False)
    response = Reviews(Edition.of("v1", {})).handle(make_request("/reviews/0"))
    answer = json.loads(response.body)
    assert [(review["reviewer"], sorted(review)) for review in answer.pop("reviews")] == [
        ("Reviewer1", ["reviewer", "text"]),
        ("Reviewer2", ["reviewer", "text"]),
    ]
    assert answer == {"id": "0", "podname": "reviews-v1-abc", "clustername": "null", "version": "v1"}


@pytest.mark.parametrize(("version", "color"), [("v2", "black"), ("v3", "red")])
def test_the_others_show_stars_in_their_colour(serve, make_request, version: str, color: str) -> None:
    port = serve(Ratings().handle)
    edition = Edition.of(version, {"RATINGS_HOSTNAME": "127.0.0.1", "RATINGS_SERVICE_PORT": str(port)})
    assert ratings_of(Reviews(edition).handle(make_request("/reviews/0"))) == [
        {"stars": 5, "color": color},
        {"stars": 4, "color": color},
    ]


@pytest.mark.parametrize("body", [b"{}", b"not json", b'{"ratings": [1]}', b'{"ratings": {}}', b"[]"])
def test_ratings_that_make_no_sense_count_as_away(serve, make_request, body: bytes) -> None:
    port = serve(lambda _request: Response(body))
    edition = Edition("v2", f"http://127.0.0.1:{port}/ratings", "black")
    away = {"error": "Ratings service is currently unavailable"}
    assert ratings_of(Reviews(edition).handle(make_request("/reviews/0"))) == [away, away]


def test_ratings_that_are_away_or_fail_are_said_so_in_the_reviews(serve, make_request, free_port: int) -> None:
    away = {"error": "Ratings service is currently unavailable"}
    failing = serve(lambda _request: Response(b'{"ratings": {"Reviewer1": 5}}', 500))
    for port in (free_port, failing):
        response = Reviews(Edition("v3", f"http://127.0.0.1:{port}/ratings", "red")).handle(make_request("/reviews/0"))
        assert (response.status, ratings_of(response)) == (200, [away, away])


def test_the_users_headers_travel_on_to_ratings(serve, make_request) -> None:
    seen: list[Request] = []

    def handler(request: Request) -> Response:
        seen.append(request)
        return Response(b'{"ratings": {"Reviewer1": 5, "Reviewer2": 4}}')

    edition = Edition("v2", f"http://127.0.0.1:{serve(handler)}/ratings", "black")
    Reviews(edition).handle(make_request("/reviews/3", headers=(("end-user", "jason"), ("x-request-id", "9"))))
    assert (seen[0].path, seen[0].header("end-user"), seen[0].header("x-request-id")) == ("/ratings/3", "jason", "9")


@pytest.mark.parametrize(("target", "status"), [("/health", 200), ("/reviews", 404), ("/reviews/", 404), ("/", 404)])
def test_other_paths(make_request, target: str, status: int) -> None:
    assert Reviews(Edition.of("v1", {})).handle(make_request(target)).status == status
