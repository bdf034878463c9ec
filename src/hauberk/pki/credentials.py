"""gRPC credentials of the control plane's servers and of their clients, from our certificates."""

from collections.abc import Callable
from datetime import datetime

import grpc

from hauberk.pki.serving import ServingCertificate
from hauberk.pki.svid import X509Bundle

__all__ = ["client_credentials", "server_credentials"]


def server_credentials(
    serving: ServingCertificate, clock: Callable[[], datetime], *, require_client_certificate: bool = False
) -> grpc.ServerCredentials:
    """Credentials that show `serving`, and follow its renewal and its CA: gRPC asks for them in each handshake.

    With `require_client_certificate`, clients must show one that leads to the CA's bundle (discovery); without, none is asked for.
    """

    def configuration() -> grpc.ServerCertificateConfiguration:
        svid = serving.at(clock())
        roots = serving.ca.bundle.to_pem() if require_client_certificate else None
        return grpc.ssl_server_certificate_configuration([(svid.key_to_pem(), svid.chain_to_pem())], roots)

    return grpc.dynamic_ssl_server_credentials(configuration(), configuration, require_client_certificate)


def client_credentials(bundle: X509Bundle) -> grpc.ChannelCredentials:
    """Credentials of a client that trusts `bundle` only and shows no certificate."""
    return grpc.ssl_channel_credentials(bundle.to_pem())
