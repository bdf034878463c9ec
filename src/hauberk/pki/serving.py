"""The certificate that a server of the control plane (CA, discovery) shows: issued by the mesh's CA, renewed at half life."""

import threading
from datetime import datetime

from cryptography import x509

from hauberk.model.identity import SpiffeId
from hauberk.pki.ca import SigningCa
from hauberk.pki.keys import make_key
from hauberk.pki.svid import X509Svid

__all__ = ["ServingCertificate"]


class ServingCertificate:
    """A serving certificate that renews itself when it is looked at.

    It is looked at in each handshake, so no timer is needed. gRPC looks from threads of its own, hence the lock.
    """

    def __init__(self, ca: SigningCa, spiffe_id: SpiffeId, dns_names: tuple[str, ...]) -> None:
        self._ca = ca
        self._spiffe_id = spiffe_id
        self._dns_names = dns_names
        self._current: X509Svid | None = None
        self._lock = threading.Lock()

    @property
    def ca(self) -> SigningCa:
        """The CA that issues it."""
        return self._ca

    def replace_ca(self, ca: SigningCa) -> None:
        """Show a certificate of `ca` from the next handshake on."""
        with self._lock:
            self._ca = ca
            self._current = None

    def at(self, now: datetime) -> X509Svid:
        """The certificate to show at `now`; the same object until half of its life is over. Raises: IssuerExpired."""
        with self._lock:
            if self._current is None or _is_past_half_life(self._current.leaf, now):
                serial = x509.random_serial_number()
                self._current = self._ca.issue_server(make_key(), self._spiffe_id, self._dns_names, now=now, serial=serial)
            return self._current


def _is_past_half_life(certificate: x509.Certificate, now: datetime) -> bool:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return now >= start + (end - start) / 2
