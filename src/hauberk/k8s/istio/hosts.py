"""Hosts, exports and regular expressions, which several of Istio's kinds name (istio pkg/config/validation)."""

import ipaddress
import re

from hauberk.k8s.review import Review
from hauberk.k8s.syntax import dns1123_label

__all__ = ["check_export", "check_host", "check_regex", "is_cidr"]

_MOST_REPETITIONS = 1000
"""Of RE2."""
_LABEL = re.compile(r"[a-zA-Z0-9_]([-a-zA-Z0-9_]*[a-zA-Z0-9_])?")


def check_host(host: str, path: str, review: Review, *, code: str) -> None:
    """A host: a name with or without dots, its first label may be `*`; a Gateway may put a namespace and `/` before it."""
    labels = host.removesuffix(".").split(".")
    rest = labels[1:] if labels[0] == "*" else labels
    if len(host) > 255 or not all(_LABEL.fullmatch(label) for label in rest):
        fix = "Write a service's name, its full name with dots, or *.domain."
        review.invalid(path, host, f'domain name "{host}" invalid', code=code, fix=fix)


def check_export(exports: list[str], path: str, review: Review, *, code: str) -> None:
    """`exportTo`: `.` for its own namespace, `*` for all, or names of namespaces."""
    for index, export in enumerate(exports):
        if export not in (".", "*", "~") and dns1123_label(export):
            review.invalid(f"{path}[{index}]", export, "exportTo must be '.', '*' or the name of a namespace", code=code)
    if len(exports) > 1 and "*" in exports:
        review.invalid(path, exports, "'*' says all: no other namespace may stand beside it", code=code)


def check_regex(pattern: str, path: str, review: Review, *, code: str) -> None:
    """A regular expression for Envoy (RE2): what Python cannot compile, or RE2 does not have, is refused here and not by Envoy."""
    try:
        re.compile(pattern)
    except re.error as error:
        review.invalid(path, pattern, f"is no regular expression: {error}", code=code)
        return
    if not pattern:
        review.invalid(path, pattern, "is empty", code=code, fix="Write .* for everything.")
    if any(int(number or 0) > _MOST_REPETITIONS for pair in re.findall(r"\{([0-9]+)(?:,([0-9]*))?\}", pattern) for number in pair):
        review.invalid(path, pattern, f"repeats more than {_MOST_REPETITIONS} times, which RE2 does not do", code=code)
    if re.search(r"\(\?(=|!|<[=!])|\\[1-9]", pattern):
        review.invalid(path, pattern, "looks ahead, behind or back, which RE2 does not have", code=code)


def is_cidr(text: str) -> bool:
    """Whether it is an IP address or a block of them."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
