"""The edge of the CA: Istio's CA API over gRPC on a unix socket, with TLS by the CA's own certificate.

A caller proves who it is by a bearer token in the call's metadata, or on a second socket by the certificate that it has (gRPC's
Python servers demand a client's certificate from everybody or from nobody); the certificate is for that identity and no
other, whatever the request says. Every certificate leaves an audit line; keys and tokens leave none.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import grpc
import structlog
from cryptography import x509

from hauberk.errors import HauberkError, PeerError
from hauberk.model.identity import SPIFFE_SCHEME, IdentityError, SpiffeId, TrustDomain
from hauberk.pki.ca import DEFAULT_LIFETIMES, Lifetimes, SigningCa
from hauberk.pki.certificates import CertificateRefused, parse_certificates
from hauberk.pki.credentials import server_credentials
from hauberk.pki.csr import parse_csr
from hauberk.pki.messages import SERVICE, CertificateRequest, parse_request, serialize_response
from hauberk.pki.rate import Rate, RateLimiter
from hauberk.pki.revocation import is_vouched_for
from hauberk.pki.serving import ServingCertificate

__all__ = ["CERTIFICATE_PROOF", "Authenticate", "Authorize", "CaServer", "CaServerSettings", "Caller"]

_log = structlog.get_logger(__name__)

_BEARER: Final = "Bearer "
CERTIFICATE_PROOF: Final = "certificate"
"""`Caller.proof` of one that has shown its certificate."""
_NOT_AUTHENTICATED: Final = "request authenticate failure"
"""Istio's words, by which its agents and their readers know this failure."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as proven by its token; `pod` and `pod_uid` are empty where the token is bound to no pod."""

    namespace: str
    service_account: str
    pod: str = ""
    pod_uid: str = ""
    proof: str = "token"


Authenticate = Callable[[str], Awaitable[Caller | None]]
"""The caller that a token proves, or None: wrong audience, expired, pod gone, forged."""
Authorize = Callable[[Caller], str | None]
"""Why a caller gets no certificate of this mesh, fit for its eyes; None where it gets one."""


@dataclass(frozen=True, slots=True)
class CaServerSettings:
    """What a CA's server is told once."""

    socket: Path
    spiffe_id: SpiffeId
    """The identity in the serving certificate."""
    dns_names: tuple[str, ...]
    """The names that clients look for in it."""
    authenticate: Authenticate
    authorize: Authorize
    mtls_socket: Path | None = None
    """Where callers prove themselves by certificate; None: nowhere."""
    lifetimes: Lifetimes = DEFAULT_LIFETIMES
    rate: Rate | None = None
    """How often one identity may ask; None: without a limit."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class CaServer:
    """One mesh's CA on its socket: `start`, any number of `replace_ca`, `stop`."""

    def __init__(self, settings: CaServerSettings, ca: SigningCa) -> None:
        self._settings = settings
        self._ca = ca
        self.lifetimes = settings.lifetimes
        self._limiter = RateLimiter(settings.rate) if settings.rate is not None else None
        self._serving = ServingCertificate(ca, settings.spiffe_id, settings.dns_names)
        self._server: grpc.aio.Server | None = None

    @property
    def ca(self) -> SigningCa:
        """The CA in use."""
        return self._ca

    async def start(self) -> None:
        """Listen on the socket; its folder must be there, and private to the owner."""
        server = grpc.aio.server()
        method = grpc.unary_unary_rpc_method_handler(self._create_certificate)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"CreateCertificate": method}),))
        server.add_secure_port(f"unix:{self._settings.socket}", server_credentials(self._serving, self._settings.clock))
        if self._settings.mtls_socket is not None:
            mutual = server_credentials(self._serving, self._settings.clock, require_client_certificate=True)
            server.add_secure_port(f"unix:{self._settings.mtls_socket}", mutual)
        await server.start()
        self._server = server
        _log.info("ca serves", socket=str(self._settings.socket), trust_domain=str(self._ca.trust_domain))

    async def stop(self, grace_seconds: float = 1) -> None:
        """Let calls under way end within the grace, then close; harmless where nothing was started."""
        if self._server is not None:
            await self._server.stop(grace_seconds)
            self._server = None

    def replace_ca(self, ca: SigningCa) -> None:
        """Sign with `ca` from now on, the serving certificate included; connections that are open stay open."""
        self._ca = ca
        self._serving.replace_ca(ca)

    async def _create_certificate(self, data: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
        try:
            return await self._answer(data, await self._authenticated(context))
        except _Refused as refusal:
            _log.warning("certificate refused", reason=str(refusal), **refusal.about)
            await context.abort(refusal.code, str(refusal))

    async def _answer(self, data: bytes, caller: Caller) -> bytes:
        about = {"namespace": caller.namespace, "service_account": caller.service_account, "pod": caller.pod}
        if (reason := self._settings.authorize(caller)) is not None:
            raise _Refused(grpc.StatusCode.PERMISSION_DENIED, reason, about)
        if self._limiter is not None and not self._limiter.take(f"{caller.namespace}/{caller.service_account}", self._settings.clock()):
            raise _Refused(
                grpc.StatusCode.RESOURCE_EXHAUSTED, f"This identity asks too often: {self._limiter.rate}. Ask again later.", about
            )
        try:
            return self._issue(parse_request(data), caller)
        except PeerError as error:
            raise _Refused(grpc.StatusCode.INVALID_ARGUMENT, str(error), about) from error
        except HauberkError as error:
            raise _Refused(grpc.StatusCode.FAILED_PRECONDITION, str(error), about) from error

    async def _authenticated(self, context: "grpc.aio.ServicerContext[bytes, bytes]") -> Caller:
        peer = context.auth_context()
        if (holder := _holder_of(peer, self._ca.trust_domain)) is not None:
            if not _is_in_force(peer, self._ca):
                about = {"namespace": holder.namespace, "service_account": holder.service_account}
                raise _Refused(grpc.StatusCode.UNAUTHENTICATED, "This certificate is revoked. Prove yourself by a token.", about)
            return holder
        token = _token_in(context.invocation_metadata() or ())
        try:
            caller = await self._settings.authenticate(token) if token else None
        except Exception as error:  # whatever the check rests on is away; the caller shall come again
            _log.warning("token not checked", error=repr(error))
            raise _Refused(grpc.StatusCode.UNAVAILABLE, "Tokens cannot be checked now, the API does not answer. Try again.") from error
        if caller is None:
            raise _Refused(grpc.StatusCode.UNAUTHENTICATED, _NOT_AUTHENTICATED)
        return caller

    def _issue(self, request: CertificateRequest, caller: Caller) -> bytes:
        spiffe_id = SpiffeId.for_workload(self._ca.trust_domain, caller.namespace, caller.service_account)
        ttl = self.lifetimes.clip(request.lifetime)
        csr = parse_csr(request.csr)
        chain = self._ca.issue(csr, spiffe_id, ttl=ttl, now=self._settings.clock(), serial=x509.random_serial_number())
        if request.lifetime > ttl:
            _log.info("lifetime clipped", spiffe_id=str(spiffe_id), asked=str(request.lifetime), given=str(ttl))
        _audit(chain[0], spiffe_id, caller)
        return serialize_response(self._ca.chain_for_wire(chain))


class _Refused(PeerError):
    """A call that is answered with a gRPC status; `about` goes to the log."""

    def __init__(self, code: grpc.StatusCode, reason: str, about: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.about = dict(about or {})


def _token_in(metadata: Iterable[tuple[str, str | bytes]]) -> str:
    """The bearer token in a call's metadata, empty where there is none."""
    for key, value in metadata:
        if key == "authorization" and isinstance(value, str) and value.startswith(_BEARER):
            return value.removeprefix(_BEARER)
    return ""


def _holder_of(peer: Mapping[str, Iterable[bytes]], trust_domain: TrustDomain) -> Caller | None:
    """Who the client's certificate names, where it has shown one (gRPC has verified it against the mesh's roots); None without.

    One that is no workload's of this trust domain proves nothing.
    """
    names = [name.decode() for name in peer.get("x509_subject_alternative_name", ()) if name.startswith(SPIFFE_SCHEME.encode())]
    if len(names) != 1:
        return None
    try:
        identity = SpiffeId.parse(names[0])
    except IdentityError:
        return None
    if identity.trust_domain != trust_domain or identity.namespace is None or identity.service_account is None:
        return None
    return Caller(identity.namespace, identity.service_account, proof=CERTIFICATE_PROOF)


def _is_in_force(peer: Mapping[str, Iterable[bytes]], ca: SigningCa) -> bool:
    """Whether the client's certificate, which gRPC has verified, holds beside the CA's revocation lists, of which gRPC knows nothing."""
    if not ca.crls:
        return True
    try:
        # The chain lacks the leaf on a server (OpenSSL's way): it is a property of its own.
        (leaf,) = parse_certificates(b"".join(peer.get("x509_pem_cert", ())))
        above = parse_certificates(b"".join((*peer.get("x509_pem_cert_chain", ()), *peer.get("x509_pem_cert", ()))))
    except CertificateRefused:
        return False
    return is_vouched_for(leaf, (*above, *ca.bundle.roots), ca.crls)


def _audit(leaf: x509.Certificate, spiffe_id: SpiffeId, caller: Caller) -> None:
    _log.info(
        "certificate issued",
        spiffe_id=str(spiffe_id),
        pod=caller.pod,
        pod_uid=caller.pod_uid,
        serial=f"{leaf.serial_number:x}",
        until=leaf.not_valid_after_utc.isoformat(),
        proof=caller.proof,
    )
