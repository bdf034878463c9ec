"""Bookinfo's ratings: the stars that reviewers gave.

    python -m hauberk.samples.bookinfo.ratings [PORT]

`GET /ratings/{id}`, `POST /ratings/{id}` (kept in memory), `GET /health`.
"""

import json
import sys

from hauberk.samples.bookinfo.service import PORT, json_response
from hauberk.samples.web import Request, Response, port_from, serve

__all__ = ["Ratings", "main"]


class Ratings:
    """The service, with what was posted to it since its start."""

    def __init__(self) -> None:
        self._posted: dict[int, dict[str, int]] = {}

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        _, _, rest = request.path.partition("/")
        head, _, book = rest.partition("/")
        if head == "health":
            return json_response({"status": "Ratings is healthy"})
        if head != "ratings":
            return json_response({"error": f"{request.path} is not here; ask /ratings/0"}, 404)
        if not book.isdecimal():
            return json_response({"error": "please provide numeric product ID"}, 400)
        if request.method == "POST":
            return self._post(int(book), request.body)
        stars = self._posted.get(int(book), {"Reviewer1": 5, "Reviewer2": 4})
        return json_response({"id": int(book), "ratings": stars})

    def _post(self, book: int, body: bytes) -> Response:
        try:
            stars = json.loads(body)
        except ValueError:
            return json_response({"error": "please provide valid ratings JSON"}, 400)
        if not isinstance(stars, dict) or not all(isinstance(value, int) for value in stars.values()):
            return json_response({"error": "please provide valid ratings JSON"}, 400)
        self._posted[book] = stars
        return json_response({"id": book, "ratings": stars})


def main() -> None:
    """Serve until SIGTERM."""
    serve(Ratings().handle, port_from(sys.argv[1:], PORT))


if __name__ == "__main__":
    main()
