"""What the four services have in common: JSON answers, where the others are, which headers travel on."""

import json
import os
from collections.abc import Mapping
from typing import Final

from hauberk.samples.stream import Headers
from hauberk.samples.web import Request, Response

__all__ = ["PORT", "forwarded_headers", "json_response", "service_url"]

PORT: Final = 9080

_FORWARDED: Final = frozenset(
    {
        *(
            "x-request-id",
            "traceparent",
            "tracestate",
            "b3",
            "x-b3-traceid",
            "x-b3-spanid",
            "x-b3-parentspanid",
            "x-b3-sampled",
            "x-b3-flags",
        ),
        *("x-ot-span-context", "x-cloud-trace-context", "x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-sampling-priority"),
        *("sw8", "end-user", "user-agent", "authorization", "cookie", "jwt"),
    }
)
"""A sidecar sees a request in and a request out, and knows that they belong together only by these."""


def json_response(value: object, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(json.dumps(value).encode(), status)


def forwarded_headers(request: Request) -> Headers:
    """The headers of `request` that go on to the services behind."""
    return tuple((name, value) for name, value in request.headers if name.lower() in _FORWARDED)


def service_url(name: str, environ: Mapping[str, str] | None = None) -> str:
    """`http://<host>:<port>/<name>` of a service, by upstream's variables: `<NAME>_HOSTNAME`, `<NAME>_SERVICE_PORT`, `SERVICES_DOMAIN`.

    A Service's own variables, which the kubelet sets, say the same port.
    """
    variables = os.environ if environ is None else environ
    host = variables.get(f"{name.upper()}_HOSTNAME", name)
    domain = variables.get("SERVICES_DOMAIN", "")
    port = variables.get(f"{name.upper()}_SERVICE_PORT", str(PORT))
    return f"http://{host}{'.' + domain if domain else ''}:{port}/{name}"
