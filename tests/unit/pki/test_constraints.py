"""Name constraints on URIs against a trust domain (RFC 5280 4.2.1.10)."""

import pytest
from cryptography import x509

from hauberk.model.identity import TrustDomain
from hauberk.pki.constraints import excludes


def uris(*names: str) -> list[x509.GeneralName]:
    return [x509.UniformResourceIdentifier(name) for name in names]


@pytest.mark.parametrize(
    ("permitted", "excluded", "reason"),
    [
        (uris("cluster.local"), None, None),
        (uris("other", ".local"), None, None),
        (None, uris("other", ".cluster.local"), None),
        ([x509.DNSName("example.com")], None, None),
        (
            uris("example.com"),
            None,
            "permit URIs of example.com only",
        ),
        (
            uris(".cluster.local"),
            None,
            "permit URIs of .cluster.local only",
        ),
        (
            None,
            uris("cluster.local"),
            "exclude URIs of cluster.local",
        ),
        (None, uris(".local"), "exclude URIs of .local"),
    ],
)
def test_only_constraints_on_uris_that_leave_the_mesh_out_count(make_authority, permitted, excluded, reason: str | None) -> None:
    constraints = x509.NameConstraints(permitted, excluded)
    expected = reason and f"its name constraints {reason}, and the mesh's identities are of cluster.local."
    assert excludes(make_authority("constrained", extensions=(constraints,)).certificate, TrustDomain("cluster.local")) == expected


def test_a_ca_without_constraints_signs_for_everybody(make_authority) -> None:
    assert excludes(make_authority("free").certificate, TrustDomain("cluster.local")) is None
