"""gRPC credentials of the control plane's servers and of their clients, from our certificates."""

from collections.abc import Callable
from datetime import datetime

import grpc

from hauberk.pki.serving import ServingCertificate
from hauberk.pki.svid import X509Bundle, X509Svid

__all__ = ["client_credentials", "server_credentials"]


def server_credentials(
    serving: ServingCertificate, clock: Callable[[], datetime], *, require_client_certificate: bool = False
) -> grpc.ServerCredentials:
    """Credentials that show `serving`, and follow its renewal and its CA: gRPC asks for them in each handshake.

    With `require_client_certificate`, clients must show one that leads to the CA's bundle (discovery); without, none is asked for.
    """
    given: tuple[X509Svid, X509Bundle] | None = None

    def configuration() -> grpc.ServerCertificateConfiguration:
        svid, bundle = serving.at(clock()), serving.ca.bundle
        roots = bundle.to_pem() if require_client_certificate else None
        return grpc.ssl_server_certificate_configuration([(svid.key_to_pem(), svid.chain_to_pem())], roots)

    def change() -> grpc.ServerCertificateConfiguration | None:
        """What to show from now on, or None: as before.

        gRPC swaps its handshaker factory for every configuration that it is given, while other handshakes take theirs from the old
        one; where two meet, the process ends ("Check failed: prior > 0" in sync.cc, seen within a second of a thousand handshakes).
        So a new one is given when something changed, and not in each handshake.
        """
        nonlocal given
        now = (serving.at(clock()), serving.ca.bundle)
        if given is not None and given[0] is now[0] and given[1] == now[1]:
            return None
        given = now
        return configuration()

    first = configuration()
    given = (serving.at(clock()), serving.ca.bundle)
    return grpc.dynamic_ssl_server_credentials(first, change, require_client_certificate)  # type: ignore[arg-type] # None is documented


def client_credentials(bundle: X509Bundle, svid: X509Svid | None = None) -> grpc.ChannelCredentials:
    """Credentials of a client that trusts `bundle` only, and shows `svid` where one is given."""
    if svid is None:
        return grpc.ssl_channel_credentials(bundle.to_pem())
    return grpc.ssl_channel_credentials(bundle.to_pem(), svid.key_to_pem(), svid.chain_to_pem())
