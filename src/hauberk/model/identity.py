"""Who a workload is: trust domains and SPIFFE IDs, parsed once at the door.

Source: SPIFFE-ID standard (sections 2.1, 2.2, 2.3) and Istio pkg/spiffe/spiffe.go for the form `ns/<namespace>/sa/<account>`.
Pure; strings that name an identity become one of these two types where they enter, and stay so.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

from hauberk.errors import ConfigError

__all__ = ["SPIFFE_SCHEME", "IdentityError", "SpiffeId", "TrustDomain"]

SPIFFE_SCHEME: Final = "spiffe://"
_ID_LIMIT_BYTES: Final = 2048
"""Longest SPIFFE ID that may be made (SPIFFE-ID 2.3)."""
_TRUST_DOMAIN_LIMIT_BYTES: Final = 255

_TRUST_DOMAIN = re.compile(r"[a-z0-9._-]+\Z")
_SEGMENT = re.compile(r"[A-Za-z0-9._-]+\Z")
"""One path segment; percent-encoding is not allowed (SPIFFE-ID 2.2)."""


class IdentityError(ConfigError):
    """A trust domain or SPIFFE ID that the standard does not allow; the message quotes it and says what to write."""


@dataclass(frozen=True, slots=True, order=True)
class TrustDomain:
    """The name of a trust root, such as `cluster.local`; without scheme, port or path.

    Raises: IdentityError.
    """

    name: str

    def __post_init__(self) -> None:
        if not self.name:
            raise IdentityError('The trust domain is empty. Write a name such as "cluster.local".')
        if len(self.name) > _TRUST_DOMAIN_LIMIT_BYTES:
            raise IdentityError(
                f'Trust domain "{self.name[:40]}...": {len(self.name)} characters. Use at most {_TRUST_DOMAIN_LIMIT_BYTES} (SPIFFE-ID 2.3).'
            )
        if not _TRUST_DOMAIN.match(self.name):
            raise IdentityError(f'Trust domain "{self.name}"{_complaint_about_domain(self.name)}')

    @property
    def id(self) -> "SpiffeId":
        """The identity of the trust domain itself, which its signing certificates bear."""
        return SpiffeId(self)

    def __str__(self) -> str:
        return self.name


def _complaint_about_domain(name: str) -> str:
    if name.startswith(SPIFFE_SCHEME):
        return f" is a whole SPIFFE ID. Write the part after {SPIFFE_SCHEME} and before the next slash."
    if name != name.lower() and _TRUST_DOMAIN.match(name.lower()):
        return f' has capitals. Write "{name.lower()}".'
    return ": only a to z, 0 to 9, dot, dash and underscore are allowed (SPIFFE-ID 2.1): no port, user or percent sign."


@dataclass(frozen=True, slots=True, order=True)
class SpiffeId:
    """An identity: a trust domain and the segments of a path, none for the trust domain itself.

    `str()` and `parse` are each other's inverse. Raises: IdentityError.
    """

    trust_domain: TrustDomain
    path: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for segment in self.path:
            _check_segment(segment, self.path)
        length = len(str(self))
        if length > _ID_LIMIT_BYTES:
            raise IdentityError(f'SPIFFE ID "{str(self)[:60]}...": {length} bytes. Use at most {_ID_LIMIT_BYTES} (SPIFFE-ID 2.3).')

    @classmethod
    def parse(cls, text: str) -> Self:
        """The identity that `text` spells, such as `spiffe://cluster.local/ns/bookinfo/sa/bookinfo-details`."""
        if not text.startswith(SPIFFE_SCHEME):
            raise IdentityError(f'SPIFFE ID "{text}" does not start with {SPIFFE_SCHEME}. Write {SPIFFE_SCHEME}<trust domain>/<path>.')
        for mark, what in (("?", "a query"), ("#", "a fragment")):
            if mark in text:
                raise IdentityError(f'SPIFFE ID "{text}" has {what}. Take away everything from the {mark} on (SPIFFE-ID 2).')
        domain, slash, path = text.removeprefix(SPIFFE_SCHEME).partition("/")
        return cls(TrustDomain(domain), tuple(path.split("/")) if slash else ())

    @classmethod
    def for_workload(cls, trust_domain: TrustDomain, namespace: str, service_account: str) -> Self:
        """The identity of every pod that runs as `service_account` in `namespace`."""
        return cls(trust_domain, ("ns", namespace, "sa", service_account))

    @property
    def namespace(self) -> str | None:
        """The Kubernetes namespace, if the path has Istio's form."""
        return self.path[1] if self._has_workload_form else None

    @property
    def service_account(self) -> str | None:
        """The Kubernetes ServiceAccount, if the path has Istio's form."""
        return self.path[3] if self._has_workload_form else None

    @property
    def _has_workload_form(self) -> bool:
        return len(self.path) == 4 and self.path[0] == "ns" and self.path[2] == "sa"

    def __str__(self) -> str:
        return "/".join((f"{SPIFFE_SCHEME}{self.trust_domain.name}", *self.path))


def _check_segment(segment: str, path: tuple[str, ...]) -> None:
    where = f'SPIFFE ID path "/{"/".join(path)}"'
    if not segment:
        raise IdentityError(f"{where} has an empty segment. Write single slashes, and none at the end (SPIFFE-ID 2.2).")
    if segment in {".", ".."}:
        raise IdentityError(f'{where} has the segment "{segment}". Write the path it stands for (SPIFFE-ID 2.2).')
    if not _SEGMENT.match(segment):
        raise IdentityError(f'{where}: segment "{segment}" may hold only letters, digits, dot, dash and underscore (SPIFFE-ID 2.2).')
