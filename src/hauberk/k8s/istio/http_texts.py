"""Texts of HTTP routes that Envoy would refuse, and with them the whole virtual host of everybody who calls that host.

Source: Envoy config/route/v3 and config/core/v3/base.proto (validation rules), Envoy docs "Custom request/response headers";
each rule was tried with `envoy --mode validate`.
"""

import base64
import binascii
import re
from collections.abc import Iterable

from hauberk.k8s.istio.http_route_parts import HeaderOperations, Headers, HttpBody
from hauberk.k8s.review import Review

__all__ = ["check_body", "check_headers", "check_line", "check_names"]

_LINE_ENDS = frozenset("\0\r\n")
_HOST_NAMES = frozenset({"host", ":authority", "authority"})
_FORMAT = re.compile(r"(?:[^%]|%%|%[A-Z][A-Z0-9_]*(?:\([^()]*\))?(?::[0-9]+)?%)*", re.DOTALL)


def check_line(text: str | None, path: str, review: Review, *, code: str) -> None:
    """A text that stands in one header line."""
    if text is not None and _LINE_ENDS.intersection(text):
        review.invalid(path, text, "must be one line", code=code, fix="Take the line ends out.")


def check_names(names: Iterable[str], path: str, review: Review, *, code: str) -> None:
    """Names of headers or query parameters."""
    for name in names:
        if not name:
            review.required(f"{path}[]", "a name cannot be empty", code=code)
        check_line(name, f"{path}[{name}]", review, code=code)


def check_headers(headers: Headers | None, path: str, review: Review, *, code: str) -> None:
    """Changes to headers: of pseudo-headers only a request's host may be written."""
    if headers is None:
        return
    for direction, changes in (("request", headers.request), ("response", headers.response)):
        if changes is not None:
            _check_operations(changes, f"{path}.{direction}", review, code=code)
            may_write = _HOST_NAMES if direction == "request" else frozenset[str]()
            for field, names in (("set", changes.set), ("add", changes.add)):
                _refuse_pseudo(set(names or ()) - may_write, f"{path}.{direction}.{field}", review, code=code)


def check_body(body: HttpBody | None, path: str, review: Review, *, code: str) -> None:
    """The bytes of an answer are base64."""
    try:
        base64.b64decode((body.bytes or "") if body is not None else "", validate=True)
    except binascii.Error as error:
        review.invalid(f"{path}.bytes", body.bytes if body is not None else "", f"is no base64: {error}", code=code)


def _check_operations(changes: HeaderOperations, path: str, review: Review, *, code: str) -> None:
    _refuse_pseudo(changes.remove or (), f"{path}.remove", review, code=code)
    check_names(changes.remove or (), f"{path}.remove", review, code=code)
    for field, pairs in (("set", changes.set or {}), ("add", changes.add or {})):
        check_names(pairs, f"{path}.{field}", review, code=code)
        for name, value in pairs.items():
            check_line(value, f"{path}.{field}[{name}]", review, code=code)
            if not _FORMAT.fullmatch(value):
                fix = "Write %% for a percent sign, %COMMAND% or %COMMAND(ARGUMENT)% for a value of the request."
                review.invalid(f"{path}.{field}[{name}]", value, "a % opens no command", code=code, fix=fix)


def _refuse_pseudo(names: Iterable[str], path: str, review: Review, *, code: str) -> None:
    for name in sorted(names):
        if name.startswith(":") or name.lower() == "host":
            review.invalid(f"{path}[{name}]", name, "pseudo-headers and the host are not changed here", code=code, fix="Write rewrite.")
