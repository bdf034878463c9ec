"""Gateway: what an ingress listens on. Implemented: all protocols, TLS with credentialName in every mode but AUTO_PASSTHROUGH.

Source: istio/api networking/v1alpha3/gateway.proto; istio pkg/config/validation.
"""

from typing import Annotated, Final, Literal

from hauberk.k8s.istio.hosts import check_host
from hauberk.k8s.kind import Manifest
from hauberk.k8s.models import LATER, LaterNumber, LaterText, Part, UInt32
from hauberk.k8s.review import Review
from hauberk.k8s.syntax import dns1123_label, port_number

__all__ = ["GatewaySpec", "check_gateway"]

_CODE: Final = "HBK0221"
_PROTOCOLS: Final = ("HTTP", "HTTPS", "GRPC", "HTTP2", "MONGO", "TCP", "TLS")
TlsVersion = Literal["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"]


class ServerPort(Part):
    """A port of the gateway."""

    number: UInt32
    """The number that clients connect to."""
    protocol: str
    """HTTP, HTTP2, GRPC, HTTPS, TLS, TCP or MONGO."""
    name: str
    """A name for people."""
    target_port: LaterNumber = None


class ServerTlsCertificate(Part):
    """One of several certificates."""

    server_certificate: str | None = None
    private_key: str | None = None
    ca_certificates: str | None = None


class ServerTlsSettings(Part):
    """TLS of connections to the gateway."""

    https_redirect: bool | None = None
    """Send plain requests to HTTPS."""
    mode: Literal["PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"] | None = None
    """PASSTHROUGH (the default) does not end TLS; MUTUAL demands a certificate of the client, ISTIO_MUTUAL one of the mesh."""
    server_certificate: LaterText = None
    private_key: LaterText = None
    ca_certificates: LaterText = None
    ca_crl: LaterText = None
    ca_cert_credential_name: LaterText = None
    credential_name: str | None = None
    """A Secret in the gateway pod's namespace: kubernetes.io/tls, or generic with cert, key and cacert."""
    credential_names: Annotated[list[str] | None, LATER] = None
    tls_certificates: Annotated[list[ServerTlsCertificate] | None, LATER] = None
    subject_alt_names: list[str] | None = None
    """Names of which the client's certificate must have one."""
    verify_certificate_spki: Annotated[list[str] | None, LATER] = None
    verify_certificate_hash: Annotated[list[str] | None, LATER] = None
    min_protocol_version: TlsVersion | None = None
    """The oldest version of TLS; 1.2 by default."""
    max_protocol_version: TlsVersion | None = None
    """The newest version of TLS."""
    cipher_suites: list[str] | None = None
    """Ciphers of TLS 1.2."""
    insecure_skip_verify: Annotated[bool | None, LATER] = None


class Server(Part):
    """One port and the hosts that are served there."""

    port: ServerPort
    """Where it listens."""
    hosts: list[str]
    """Hosts that it serves, `[namespace/]host`; `*` is every host."""
    name: str | None = None
    """A name for people."""
    tls: ServerTlsSettings | None = None
    """TLS of connections to the server."""
    bind: LaterText = None
    default_endpoint: LaterText = None


class GatewaySpec(Part):
    """What an ingress or egress listens on."""

    selector: dict[str, str] | None = None
    """Labels of the pods that are this gateway."""
    servers: list[Server] | None = None
    """What it listens on."""


def check_gateway(obj: Manifest, review: Review) -> None:
    """Check servers, their ports, hosts and TLS, with Istio's texts."""
    spec = GatewaySpec.model_validate(obj.get("spec") or {})
    if not spec.servers:
        review.required("spec.servers", "gateway must have at least one server", code=_CODE)
    for index, server in enumerate(spec.servers or ()):
        _check_server(server, f"spec.servers[{index}]", review)


def _check_server(server: Server, path: str, review: Review) -> None:
    for problem in port_number(server.port.number):
        review.invalid(f"{path}.port.number", server.port.number, problem, code=_CODE)
    protocol = server.port.protocol.upper()
    if protocol not in _PROTOCOLS:
        review.unsupported(f"{path}.port.protocol", server.port.protocol, _PROTOCOLS, code=_CODE)
    if not server.hosts:
        review.required(f"{path}.hosts", "server config must contain at least one host", code=_CODE)
    for index, host in enumerate(server.hosts):
        namespace, slash, name = host.rpartition("/")
        check_host(name, f"{path}.hosts[{index}]", review, code=_CODE)
        if slash and namespace not in (".", "*") and dns1123_label(namespace):
            review.invalid(f"{path}.hosts[{index}]", host, "the part before / must be a namespace, '.' or '*'", code=_CODE)
    if server.tls is not None:
        _check_tls(server.tls, f"{path}.tls", review)
    elif protocol in ("HTTPS", "TLS"):
        review.required(f"{path}.tls", "server must have TLS settings for HTTPS/TLS protocols", code=_CODE)


def _check_tls(tls: ServerTlsSettings, path: str, review: Review) -> None:
    if tls.mode == "AUTO_PASSTHROUGH":
        review.warn("HBK0290", f"{path}.mode", "AUTO_PASSTHROUGH is not implemented yet; this server has no effect.", "Write PASSTHROUGH.")
    if tls.mode == "ISTIO_MUTUAL":
        for field, word in _OWN:
            if getattr(tls, field):
                why = f"ISTIO_MUTUAL TLS cannot have associated {word}"
                review.forbidden(f"{path}.{ServerTlsSettings.model_fields[field].alias}", why, code=_CODE)
        return
    ways = [tls.credential_name, tls.credential_names, tls.server_certificate or tls.private_key, tls.tls_certificates]
    if sum(bool(way) for way in ways) > 1:
        why = "only one of credential_name, credential_names, server_certificate/private_key, tls_certificates should be specified"
        review.forbidden(path, why, code=_CODE)
    if tls.mode in ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL") and not (tls.credential_name or tls.credential_names or tls.tls_certificates):
        _check_files(tls, path, review)


def _check_files(tls: ServerTlsSettings, path: str, review: Review) -> None:
    word = "SIMPLE" if tls.mode == "SIMPLE" else "MUTUAL"
    if not tls.server_certificate:
        review.required(f"{path}.serverCertificate", f"{word} TLS requires a server certificate", code=_CODE)
    if not tls.private_key:
        review.required(f"{path}.privateKey", f"{word} TLS requires a private key", code=_CODE)
    if tls.mode != "SIMPLE" and not tls.ca_certificates:
        review.required(f"{path}.caCertificates", "MUTUAL TLS requires a client CA bundle", code=_CODE)


_OWN: Final = (
    ("server_certificate", "server certificate"),
    ("private_key", "private key"),
    ("ca_certificates", "CA bundle"),
    ("tls_certificates", "tlsCertificates"),
    ("credential_name", "credentialName"),
    ("credential_names", "credentialNames"),
)
