"""Name constraints of a CA (RFC 5280 4.2.1.10): whether they let it sign for a mesh's identities. Pure.

Workloads' names are URIs `spiffe://<trust domain>/...`, whose host part is the trust domain; only constraints on URIs speak of it.
BoringSSL, and so Envoy, refuses a leaf that is excluded, or not among what is permitted, with "permitted subtree violation".
"""

from collections.abc import Iterable

from cryptography import x509

from hauberk.model.identity import TrustDomain

__all__ = ["excludes"]


def excludes(certificate: x509.Certificate, trust_domain: TrustDomain) -> str | None:
    """Why `certificate` may not sign for identities of `trust_domain`; None where it may."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return None
    permitted, excluded = _uris(constraints.permitted_subtrees), _uris(constraints.excluded_subtrees)
    if permitted and not any(_covers(pattern, trust_domain.name) for pattern in permitted):
        return f"its name constraints permit URIs of {', '.join(permitted)} only, and the mesh's identities are of {trust_domain}."
    for pattern in excluded:
        if _covers(pattern, trust_domain.name):
            return f"its name constraints exclude URIs of {pattern}, and the mesh's identities are of {trust_domain}."
    return None


def _uris(names: Iterable[x509.GeneralName] | None) -> list[str]:
    return [name.value for name in names or () if isinstance(name, x509.UniformResourceIdentifier)]


def _covers(pattern: str, host: str) -> bool:
    """A pattern with a leading dot means every host below it, one without means that host; empty means all."""
    return not pattern or (host.endswith(pattern) and host != pattern if pattern.startswith(".") else host == pattern)
