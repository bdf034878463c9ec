"""Bookinfo's details: the facts of a book.

    python -m hauberk.samples.bookinfo.details [PORT]

`GET /details/{id}`, `GET /health`.
"""

import sys

from hauberk.samples.bookinfo.service import PORT, json_response
from hauberk.samples.web import Request, Response, port_from, serve

__all__ = ["handle", "main"]


def handle(request: Request) -> Response:
    """Answer one request."""
    _, _, rest = request.path.partition("/")
    head, _, book = rest.partition("/")
    if head == "health":
        return json_response({"status": "Details is healthy"})
    if head != "details":
        return json_response({"error": f"{request.path} is not here; ask /details/0"}, 404)
    if not book.isdecimal():
        return json_response({"error": "please provide numeric product id"}, 400)
    return json_response(_details(int(book)))


def _details(book: int) -> dict[str, object]:
    return {
        "id": book,
        "author": "William Shakespeare",
        "year": 1595,
        "type": "paperback",
        "pages": 200,
        "publisher": "PublisherA",
        "language": "English",
        "ISBN-10": "1234567890",
        "ISBN-13": "123-1234567890",
    }


def main() -> None:
    """Serve until SIGTERM."""
    serve(handle, port_from(sys.argv[1:], PORT))


if __name__ == "__main__":
    main()
