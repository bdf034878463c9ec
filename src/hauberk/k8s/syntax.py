"""Syntax of names, labels, ports: each function answers what is wrong with a value, in upstream's words; empty means valid.

Source: k8s.io/apimachinery/pkg/util/validation and pkg/api/validation.
"""

import re
from collections.abc import Callable
from typing import Final

__all__ = [
    "Rule",
    "dns1035_label",
    "dns1123_label",
    "dns1123_subdomain",
    "label_value",
    "port_name",
    "port_number",
    "qualified_name",
]

Rule = Callable[[str], list[str]]

_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL_1035: Final = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
_NAME: Final = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_NAME_EXAMPLES: Final = f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_NAME}')"
_NAME_TEXT: Final = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
_LABEL_BYTES: Final = 63
_SUBDOMAIN_BYTES: Final = 253
_PORT_NAME_BYTES: Final = 15


def _matched(value: str, pattern: str, text: str, limit: int) -> list[str]:
    problems = [] if len(value.encode()) <= limit else [f"must be no more than {limit} bytes"]
    return problems if re.fullmatch(pattern, value) else [*problems, text]


def dns1123_label(value: str) -> list[str]:
    """A Namespace's or a container's name."""
    text = (
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
        f"alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
    )
    return _matched(value, _LABEL, text, _LABEL_BYTES)


def dns1123_subdomain(value: str) -> list[str]:
    """The name of most objects."""
    text = (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with "
        f"an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
    )
    return _matched(value, _SUBDOMAIN, text, _SUBDOMAIN_BYTES)


def dns1035_label(value: str) -> list[str]:
    """A Service's name: it becomes a DNS label and the stem of environment variables, so it starts with a letter."""
    text = (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with "
        f"an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '{_LABEL_1035}')"
    )
    return _matched(value, _LABEL_1035, text, _LABEL_BYTES)


def qualified_name(value: str) -> list[str]:
    """The key of a label or an annotation: `name` or `prefix/name`."""
    prefix, slash, name = value.rpartition("/")
    if "/" in prefix:
        return [f"a qualified name {_NAME_TEXT} {_NAME_EXAMPLES} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    problems = []
    if slash:
        problems = [f"prefix part {text}" for text in dns1123_subdomain(prefix)] if prefix else ["prefix part must be non-empty"]
    if not name:
        problems.append("name part must be non-empty")
    elif len(name.encode()) > _LABEL_BYTES:
        problems.append(f"name part must be no more than {_LABEL_BYTES} bytes")
    if not re.fullmatch(_NAME, name):
        problems.append(f"name part {_NAME_TEXT} {_NAME_EXAMPLES}")
    return problems


def label_value(value: str) -> list[str]:
    """The value of a label; it may be empty."""
    pattern = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
    text = (
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        f"alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '{pattern}')"
    )
    return _matched(value, pattern, text, _LABEL_BYTES)


def port_name(value: str) -> list[str]:
    """The name of a container's port (IANA_SVC_NAME, RFC 6335 section 5.1)."""
    problems = [] if len(value) <= _PORT_NAME_BYTES else [f"must be no more than {_PORT_NAME_BYTES} bytes"]
    if not re.fullmatch(r"[-a-z0-9]+", value):
        problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    elif not re.search(r"[a-z]", value):
        problems.append("must contain at least one letter (a-z)")
    if "--" in value:
        problems.append("must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        problems.append("must not begin or end with a hyphen")
    return problems


def port_number(value: int) -> list[str]:
    """A TCP or UDP port."""
    return [] if 1 <= value <= 65535 else ["must be between 1 and 65535, inclusive"]
