"""Bookinfo's reviews, in three versions: v1 without stars, v2 with black ones, v3 with red ones.

    python -m hauberk.samples.bookinfo.reviews v1|v2|v3 [PORT]

`GET /reviews/{id}`, `GET /health`. Environment: `ENABLE_RATINGS`, `STAR_COLOR` (both by the version), `HOSTNAME`, `CLUSTER_NAME`, and where
ratings are (see `service`).
"""

import json
import os
import sys
from collections.abc import Mapping
from typing import Final, NamedTuple

from hauberk.samples.bookinfo.service import PORT, forwarded_headers, json_response, service_url
from hauberk.samples.client import Call, FetchError, fetch
from hauberk.samples.web import Request, Response, log, port_from, serve

__all__ = ["Edition", "Reviews", "main"]

_TEXTS: Final = {
    "Reviewer1": "Two pairs of twins, one town, and not a dull minute: the mistakes multiply until everybody is arrested or in love.",
    "Reviewer2": "Great fun, if slighter than the plays that came after it. Read it aloud and the jokes work.",
}
_TIMEOUT_SECONDS: Final = {"black": 10.0}
"""How long ratings may take; 2.5 s with any other colour. Upstream differs by version for its fault injection task."""


class Edition(NamedTuple):
    """Which version this process is."""

    version: str
    ratings_url: str | None
    """None where no stars are shown."""
    color: str

    @classmethod
    def of(cls, version: str, environ: Mapping[str, str]) -> "Edition":
        """The version's looks, where the environment does not say otherwise."""
        wanted = environ.get("ENABLE_RATINGS", "false" if version == "v1" else "true").lower() == "true"
        color = environ.get("STAR_COLOR", "red" if version == "v3" else "black")
        return cls(version, service_url("ratings", environ) if wanted else None, color)


class Reviews:
    """The service."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        _, _, rest = request.path.partition("/")
        head, _, book = rest.partition("/")
        if head == "health":
            return json_response({"status": "Reviews is healthy"})
        if head != "reviews" or not book:
            return json_response({"error": f"{request.path} is not here; ask /reviews/0"}, 404)
        stars = self._stars(book, request) if self._edition.ratings_url else None
        return json_response(
            {
                "id": book,
                "podname": os.environ.get("HOSTNAME", ""),
                "clustername": os.environ.get("CLUSTER_NAME", "null"),
                "version": self._edition.version,
                "reviews": [{"reviewer": who, "text": text} | self._rating(who, stars) for who, text in _TEXTS.items()],
            }
        )

    def _rating(self, reviewer: str, stars: Mapping[str, int] | None) -> dict[str, object]:
        """The `rating` part of one review; none in v1."""
        if self._edition.ratings_url is None:
            return {}
        if stars is None or reviewer not in stars:
            return {"rating": {"error": "Ratings service is currently unavailable"}}
        return {"rating": {"stars": stars[reviewer], "color": self._edition.color}}

    def _stars(self, book: str, request: Request) -> Mapping[str, int] | None:
        """The stars by reviewer; None where ratings did not answer."""
        timeout = _TIMEOUT_SECONDS.get(self._edition.color, 2.5)
        url = f"{self._edition.ratings_url}/{book}"
        try:
            answer = fetch(Call(url, headers=forwarded_headers(request), timeout_seconds=timeout))
            ratings = json.loads(answer.body)["ratings"] if answer.status == 200 else None
        except (FetchError, ValueError, KeyError, TypeError) as error:
            log(f"ratings did not answer: {error}")
            return None
        return ratings if isinstance(ratings, dict) else None


def main() -> None:
    """Serve until SIGTERM."""
    version, *rest = sys.argv[1:] or ["v1"]
    serve(Reviews(Edition.of(version, os.environ)).handle, port_from(rest, PORT))


if __name__ == "__main__":
    main()
