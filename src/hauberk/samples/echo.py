"""`hauberk/echo`: answers every HTTP request with what arrived, as JSON.

    python -m hauberk.samples.echo [PORT]        8080 by default

The answer has method, path, query, headers (lower-case names), body, the peer's address, this pod's name, and `tls: null`, since what
arrives here came without TLS, or had its TLS taken off by the sidecar. X-Forwarded-Client-Cert then tells whose it was.
"""

import json
import os
import sys

from hauberk.samples.web import Request, Response, port_from, serve

__all__ = ["describe", "handle", "main"]


def describe(request: Request) -> dict[str, object]:
    """What arrived, fit for JSON."""
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": {name.lower(): value for name, value in request.headers},
        "body": request.body.decode(errors="replace"),
        "peer": request.peer,
        "served_by": os.environ.get("HOSTNAME", ""),
        "tls": None,
    }


def handle(request: Request) -> Response:
    """The echo."""
    return Response(json.dumps(describe(request), indent=2).encode() + b"\n")


def main() -> None:
    """Serve until SIGTERM."""
    serve(handle, port_from(sys.argv[1:], 8080))


if __name__ == "__main__":
    main()
