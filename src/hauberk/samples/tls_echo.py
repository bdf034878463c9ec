"""`hauberk/tls-echo`: a TLS server that answers with what arrived: TLS version, cipher, SNI, client certificate, and the request.

    python -m hauberk.samples.tls_echo [PORT]        8443 by default

Environment: `TLS_DIR` (/etc/tls) holds `tls.crt`, `tls.key` and, to check clients, `ca.crt`, as a kubernetes.io/tls Secret is mounted;
`CLIENT_AUTH` is `none`, `optional` or `require` (require where there is a ca.crt, else none).
"""

import json
import os
import socket
import ssl
import sys
from pathlib import Path
from typing import Final

from hauberk.samples.echo import describe
from hauberk.samples.web import Request, Response, port_from, serve

__all__ = ["describe_tls", "handle", "main", "make_context"]

_CLIENT_AUTH: Final = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "require": ssl.CERT_REQUIRED}


class EchoSocket(ssl.SSLSocket):
    """A TLS connection that remembers which server name the client asked for."""

    server_name: str | None = None


def make_context(folder: Path, client_auth: str) -> ssl.SSLContext:
    """The server's TLS settings from the files in `folder`.

    Raises: OSError - a file is missing or unreadable; ValueError - an unknown `client_auth`.
    """
    authority = folder / "ca.crt"
    wanted = client_auth or ("require" if authority.exists() else "none")
    if wanted not in _CLIENT_AUTH:
        raise ValueError(f"CLIENT_AUTH={wanted} is not known. Use one of {', '.join(_CLIENT_AUTH)}.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslsocket_class = EchoSocket
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    context.set_alpn_protocols(["http/1.1"])
    if wanted != "none":
        context.load_verify_locations(authority)
    context.verify_mode = _CLIENT_AUTH[wanted]
    context.sni_callback = _remember_name
    return context


def _remember_name(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext) -> None:
    if isinstance(connection, EchoSocket):
        connection.server_name = name


def describe_tls(connection: socket.socket) -> dict[str, object]:
    """The TLS side of a connection, fit for JSON; the client certificate is null where none was shown."""
    if not isinstance(connection, EchoSocket):
        raise TypeError("not a TLS connection")
    cipher = connection.cipher()
    return {
        "version": connection.version(),
        "cipher": cipher[0] if cipher else None,
        "alpn": connection.selected_alpn_protocol(),
        "server_name": connection.server_name,
        "client_certificate": _describe_certificate(connection),
    }


def _describe_certificate(connection: ssl.SSLSocket) -> dict[str, object] | None:
    certificate = connection.getpeercert()
    if not certificate:
        return None
    return {
        "subject": _name(certificate.get("subject")),
        "issuer": _name(certificate.get("issuer")),
        "subject_alt_names": _alternative_names(certificate.get("subjectAltName")),
        "serial": certificate.get("serialNumber"),
        "not_after": certificate.get("notAfter"),
    }


def _alternative_names(names: object) -> list[str]:
    """`URI:spiffe://...`, `DNS:...` of the pairs in which ssl gives them."""
    return [f"{pair[0]}:{pair[1]}" for pair in names] if isinstance(names, tuple) else []


def _name(name: object) -> str:
    """`CN=x, O=y` of the nested tuples in which ssl gives names."""
    parts = name if isinstance(name, tuple) else ()
    return ", ".join(f"{pair[0]}={pair[1]}" for part in parts for pair in part)


def handle(request: Request) -> Response:
    """The echo, with its TLS side."""
    answer = describe(request) | {"tls": describe_tls(request.connection)}
    return Response(json.dumps(answer, indent=2).encode() + b"\n")


def main() -> None:
    """Serve until SIGTERM."""
    folder = Path(os.environ.get("TLS_DIR", "/etc/tls"))
    try:
        context = make_context(folder, os.environ.get("CLIENT_AUTH", ""))
    except (OSError, ValueError) as error:
        sys.exit(f"Cannot serve TLS from {folder}: {error} Mount a Secret with tls.crt, tls.key (and ca.crt) there, or set TLS_DIR.")

    def wrap(raw: socket.socket) -> socket.socket:
        return context.wrap_socket(raw, server_side=True)

    serve(handle, port_from(sys.argv[1:], 8443), wrap=wrap)


if __name__ == "__main__":
    main()
