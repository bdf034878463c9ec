"""productpage with its services behind it: pages, API, sign-in, and failures told as upstream tells them."""

import json

import pytest

from hauberk.samples.bookinfo import details, productpage
from hauberk.samples.bookinfo.ratings import Ratings
from hauberk.samples.bookinfo.reviews import Edition, Reviews
from hauberk.samples.web import Request, Response


@pytest.fixture
def behind(serve, monkeypatch, free_port: int):
    """`behind(details=handler, ...)` serves those services; the others are away."""

    def start(**handlers) -> None:
        for name in ("details", "reviews", "ratings"):
            port = serve(handlers[name]) if name in handlers else free_port
            monkeypatch.setenv(f"{name.upper()}_HOSTNAME", "127.0.0.1")
            monkeypatch.setenv(f"{name.upper()}_SERVICE_PORT", str(port))

    return start


def all_services() -> dict[str, object]:
    return {"details": details.handle, "ratings": Ratings().handle, "reviews": Reviews(Edition.of("v1", {})).handle}


def page(response: Response) -> str:
    return response.body.decode()


def test_the_page_shows_details_and_reviews(behind, make_request) -> None:
    behind(**all_services())
    response = productpage.handle(make_request("/productpage?u=normal"))
    assert (response.status, response.content_type) == (200, "text/html; charset=utf-8")
    assert "William Shakespeare" in page(response)
    assert "reviews v1" in page(response)
    assert "Error" not in page(response).replace("Comedy of Errors", "")


def test_services_that_are_away_are_named_on_the_page_which_answers_all_the_same(behind, make_request) -> None:
    behind()
    response = productpage.handle(make_request("/productpage"))
    assert response.status == 200
    for service in ("details", "reviews"):
        assert f"Error fetching product {service}!" in page(response)
        assert f"Sorry, product {service} are currently unavailable for this book." in page(response)


def test_reviews_are_asked_twice_and_details_once(behind, make_request) -> None:
    asked: list[str] = []

    def failing(request: Request) -> Response:
        asked.append(request.path)
        return Response(b"", 503)

    behind(details=failing, reviews=failing)
    productpage.handle(make_request("/productpage"))
    assert asked == ["/details/0", "/reviews/0", "/reviews/0"]


@pytest.mark.parametrize("path", ["/", "/index.html"])
def test_the_start_page_leads_to_the_others(make_request, path: str) -> None:
    assert 'href="/productpage"' in page(productpage.handle(make_request(path)))


def test_health_style_and_unknown_paths(make_request) -> None:
    assert productpage.handle(make_request("/health")).body == b"Product page is healthy"
    assert productpage.handle(make_request("/static/bookinfo.css")).content_type == "text/css"
    assert [productpage.handle(make_request(path)).status for path in ("/nothing", "/static/other", "/api/v1/products/0/x")] == [404] * 3


def test_the_api_lists_books_and_passes_the_services_answers_on(behind, make_request) -> None:
    behind(**all_services())

    def api(path: str) -> object:
        response = productpage.handle(make_request(f"/api/v1/products{path}"))
        assert (response.status, response.content_type) == (200, "application/json")
        return json.loads(response.body)

    (book,) = api("")
    assert (book["id"], book["title"], sorted(book)) == (0, "The Comedy of Errors", ["descriptionHtml", "id", "title"])
    assert api("/0")["author"] == "William Shakespeare"
    assert api("/0/reviews")["version"] == "v1"
    assert api("/0/ratings")["ratings"] == {"Reviewer1": 5, "Reviewer2": 4}


@pytest.mark.parametrize(
    ("answer", "status"), [(Response(b"", 403), 403), (Response(b"not json"), 500), (Response(b"[]"), 500), (None, 500)]
)
def test_the_api_passes_failures_on_with_their_status(behind, make_request, answer: Response | None, status: int) -> None:
    behind(**({} if answer is None else {"details": lambda _request: answer}))
    response = productpage.handle(make_request("/api/v1/products/0"))
    assert response.status == status
    assert json.loads(response.body) == {"error": "Sorry, product details are currently unavailable for this book."}


def test_signing_in_sends_the_user_on_to_the_services_and_signing_out_ends_it(behind, make_request) -> None:
    seen: list[str | None] = []

    def handler(request: Request) -> Response:
        seen.append(request.header("end-user"))
        return Response(b"{}")

    behind(details=handler, reviews=handler)
    signed_in = productpage.handle(make_request("/login", method="POST", body=b"username=jason+b%C3%BC&passwd="))
    cookie = dict(signed_in.headers)["Set-Cookie"].partition(";")[0]
    assert (signed_in.status, dict(signed_in.headers)["Location"]) == (302, "/productpage")
    response = productpage.handle(make_request("/productpage", headers=(("Cookie", f"a=b; {cookie}"), ("end-user", "forged"))))
    assert "<span>jason bü</span>" in page(response)
    assert [(user or "").encode("latin-1").decode() for user in seen] == ["jason bü", "jason bü"]
    assert "Max-Age=0" in dict(productpage.handle(make_request("/logout")).headers)["Set-Cookie"]


def test_a_user_name_cannot_bring_headers_of_its_own(behind, make_request) -> None:
    seen: list[Request] = []

    def handler(request: Request) -> Response:
        seen.append(request)
        return Response(b"{}")

    behind(details=handler, reviews=handler)
    productpage.handle(make_request("/productpage", headers=(("cookie", "bookinfo-user=a%0D%0Ax-admin:%20yes"),)))
    assert [(request.header("end-user"), request.header("x-admin")) for request in seen] == [("ax-admin: yes", None)] * 2
