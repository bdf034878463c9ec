"""The edge to the CA: one call of Istio's CA API over the mesh's unix socket."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import grpc

from hauberk.errors import PeerError
from hauberk.model.identity import TrustDomain
from hauberk.names import CA_MTLS_SOCKET, CA_SOCKET
from hauberk.pki.credentials import client_credentials
from hauberk.pki.messages import CREATE_CERTIFICATE, CertificateRequest, parse_response, serialize_request
from hauberk.pki.svid import X509Bundle, X509Svid

__all__ = ["CaCallFailed", "MeshAddress", "renew_certificate", "request_certificate"]

_DEADLINE: Final = timedelta(seconds=10)


class CaCallFailed(PeerError):
    """The CA is away or has refused; the message has its own words."""


@dataclass(frozen=True, slots=True)
class MeshAddress:
    """Where a mesh's control plane is reached, and by which name it is known."""

    namespace: str
    name: str
    """Of the ServiceMeshControlPlane."""
    trust_domain: TrustDomain
    sockets: Path
    """The folder of the mesh's sockets, as the agent sees it."""

    @property
    def server_name(self) -> str:
        """The DNS name in the serving certificates."""
        return f"istiod-{self.name}.{self.namespace}.svc"


async def request_certificate(mesh: MeshAddress, request: CertificateRequest, *, token: str, bundle: X509Bundle) -> tuple[str, ...]:
    """The chain that the CA answers: PEM, leaf first, the roots in the last element.

    The CA's own certificate must lead to `bundle`. Raises: CaCallFailed, MalformedMessage.
    """
    metadata = (("authorization", f"Bearer {token}"),)
    return await _call(mesh, request, CA_SOCKET, client_credentials(bundle), metadata)


async def renew_certificate(mesh: MeshAddress, request: CertificateRequest, *, svid: X509Svid, bundle: X509Bundle) -> tuple[str, ...]:
    """As `request_certificate`, with the certificate in use as the proof. Raises: CaCallFailed, MalformedMessage."""
    return await _call(mesh, request, CA_MTLS_SOCKET, client_credentials(bundle, svid))


async def _call(
    mesh: MeshAddress,
    request: CertificateRequest,
    socket: str,
    credentials: grpc.ChannelCredentials,
    metadata: tuple[tuple[str, str], ...] = (),
) -> tuple[str, ...]:
    # An application may have set a proxy in our environment; a unix socket is never behind one.
    options = [("grpc.ssl_target_name_override", mesh.server_name), ("grpc.enable_http_proxy", 0)]
    async with grpc.aio.secure_channel(f"unix:{mesh.sockets / socket}", credentials, options=options) as channel:
        call = channel.unary_unary(CREATE_CERTIFICATE, bytes, bytes)  # a deserializer that raises would be an unclear INTERNAL
        try:
            answer: bytes = await call(serialize_request(request), metadata=metadata, timeout=_DEADLINE.total_seconds())
        except grpc.aio.AioRpcError as error:
            code = error.code().name.lower()
            raise CaCallFailed(f"CA of mesh {mesh.namespace}/{mesh.name}: {code}: {error.details()}") from error
    return parse_response(answer)
