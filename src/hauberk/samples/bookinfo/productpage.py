"""Bookinfo's productpage: the page that people see, and an API of the same things.

    python -m hauberk.samples.bookinfo.productpage [PORT]

Pages `/`, `/productpage`, `/login`, `/logout`, `/static/bookinfo.css`, `/health`; API `/api/v1/products`, `/api/v1/products/{id}`, and
`/reviews`, `/ratings` below a product. Who is signed in travels on as the header `end-user`, by which routes can choose.
"""

import json
import sys
from typing import Final
from urllib.parse import parse_qs, quote, unquote

from hauberk.samples.bookinfo.pages import STYLE, Book, Fetched, render_index, render_product
from hauberk.samples.bookinfo.service import PORT, forwarded_headers, json_response, service_url
from hauberk.samples.client import Call, FetchError, fetch
from hauberk.samples.stream import Headers
from hauberk.samples.web import Request, Response, log, port_from, serve

__all__ = ["handle", "main"]

_BOOK: Final = Book(
    0,
    "The Comedy of Errors",
    "Two masters and two servants, each the double of his unknown twin, walk Ephesus on one day. Shakespeare's shortest play.",
)
_TIMEOUT_SECONDS: Final = 3.0
_ATTEMPTS: Final = {"reviews": 2}
"""Upstream asks reviews twice, which its fault injection task rests on; the others once."""
_USER_COOKIE: Final = "bookinfo-user"


def handle(request: Request) -> Response:  # noqa: PLR0911 - the paths, one a line
    """Answer one request."""
    match request.path.strip("/").split("/"):
        case [""] | ["index.html"]:
            return _html(render_index())
        case ["productpage"]:
            return _product_page(request)
        case ["health"]:
            return Response(b"Product page is healthy", 200, "text/plain")
        case ["login"]:
            return _sign_in(request)
        case ["logout"]:
            return _to_product_page((("Set-Cookie", f"{_USER_COOKIE}=; Path=/; Max-Age=0"),))
        case ["static", "bookinfo.css"]:
            return Response(STYLE.encode(), 200, "text/css", (("Cache-Control", "max-age=3600"),))
        case ["api", "v1", "products", *rest]:
            return _api(rest, request)
    return Response(b"Not found. Ask /productpage\n", 404, "text/plain")


def _product_page(request: Request) -> Response:
    details, reviews = _fetch("details", "0", request), _fetch("reviews", "0", request)
    return _html(render_product(_BOOK, details, reviews, user=_user_of(request)))


def _api(rest: list[str], request: Request) -> Response:
    match rest:
        case [] | [""]:
            return json_response([{"id": _BOOK.id, "title": _BOOK.title, "descriptionHtml": _BOOK.description}])
        case [book]:
            fetched = _fetch("details", book, request)
        case [book, ("reviews" | "ratings") as service]:
            fetched = _fetch(service, book, request)
        case _:
            return json_response({"error": f"{request.path} is not here"}, 404)
    return json_response(fetched.value, fetched.status)


def _fetch(service: str, book: str, request: Request) -> Fetched:
    """What a service says of a book; its own status and our error text where it does not answer well."""
    status = 500
    call = Call(f"{service_url(service)}/{book}", headers=_headers_for(request), timeout_seconds=_TIMEOUT_SECONDS)
    for _ in range(_ATTEMPTS.get(service, 1)):
        try:
            answer = fetch(call)
            value = json.loads(answer.body) if answer.status == 200 else None
        except (FetchError, ValueError) as error:
            log(f"{service} did not answer: {error}")
            continue
        if isinstance(value, dict):
            return Fetched(200, value)
        log(f"{service} answered {answer.status}")
        status = answer.status if answer.status != 200 else 500
    return Fetched(status, {"error": f"Sorry, product {service} are currently unavailable for this book."})


def _headers_for(request: Request) -> Headers:
    """The headers that travel on, and who is signed in."""
    forwarded = forwarded_headers(request)
    user = _user_of(request)
    if not user:
        return forwarded
    return (*((name, value) for name, value in forwarded if name.lower() != "end-user"), ("end-user", user))


def _user_of(request: Request) -> str:
    """Who is signed in; only what may stand in a header."""
    for pair in (request.header("cookie") or "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == _USER_COOKIE:
            return "".join(character for character in unquote(value) if character.isprintable())
    return ""


def _sign_in(request: Request) -> Response:
    user = parse_qs(request.body.decode(errors="replace")).get("username", [""])[0]
    return _to_product_page((("Set-Cookie", f"{_USER_COOKIE}={quote(user)}; Path=/; HttpOnly; SameSite=Lax"),))


def _to_product_page(headers: Headers) -> Response:
    return Response(b"", 302, "text/plain", (("Location", "/productpage"), *headers))


def _html(page: str) -> Response:
    return Response(page.encode(), 200, "text/html; charset=utf-8")


def main() -> None:
    """Serve until SIGTERM."""
    serve(handle, port_from(sys.argv[1:], PORT))


if __name__ == "__main__":
    main()
