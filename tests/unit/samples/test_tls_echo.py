"""The TLS echo shows version, cipher, SNI and client certificate, and lets in whom it is told to."""

import json
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.ca import SigningCa, self_signed_ca
from hauberk.pki.keys import make_key
from hauberk.samples.client import Call, FetchError, fetch
from hauberk.samples.tls_echo import describe_tls, handle, make_context

SERVER = SpiffeId.parse("spiffe://example.org/server")
CLIENT = SpiffeId.parse("spiffe://example.org/client")


@pytest.fixture(scope="module")
def ca() -> SigningCa:
    return self_signed_ca(trust_domain=TrustDomain("example.org"), key=make_key(), now=datetime.now(UTC), serial=77)


@pytest.fixture
def folder(tmp_path: Path, ca: SigningCa) -> Path:
    """As a Secret of type kubernetes.io/tls is mounted."""
    svid = ca.issue_server(make_key(), SERVER, ("localhost",), now=datetime.now(UTC), serial=5)
    (tmp_path / "tls.crt").write_bytes(svid.chain_to_pem())
    (tmp_path / "tls.key").write_bytes(svid.key_to_pem())
    (tmp_path / "ca.crt").write_bytes(ca.bundle.to_pem())
    return tmp_path


def client_context(ca: SigningCa, folder: Path, *, certificate: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=ca.bundle.to_pem().decode())
    if certificate:
        svid = ca.issue_server(make_key(), CLIENT, (), now=datetime.now(UTC), serial=6)
        (folder / "client.pem").write_bytes(svid.key_to_pem() + svid.chain_to_pem())
        context.load_cert_chain(folder / "client.pem")
    return context


def ask(serve, folder: Path, tls: ssl.SSLContext, client_auth: str = "") -> dict[str, object]:
    server = make_context(folder, client_auth)
    port = serve(handle, wrap=lambda raw: server.wrap_socket(raw, server_side=True))
    answer = fetch(Call(f"https://localhost:{port}/hello", tls=tls, timeout_seconds=10))
    assert answer.connection.startswith("TLSv1.3 ")
    shown: dict[str, object] = json.loads(answer.body)
    assert shown["path"] == "/hello"
    return shown["tls"]


def test_a_client_certificate_is_shown_with_the_rest(serve, folder: Path, ca: SigningCa) -> None:
    tls = ask(serve, folder, client_context(ca, folder, certificate=True))
    certificate = tls.pop("client_certificate")
    assert tls.pop("cipher").startswith("TLS_")
    assert tls == {"version": "TLSv1.3", "alpn": None, "server_name": "localhost"}
    assert certificate["subject_alt_names"] == [f"URI:{CLIENT}"]
    assert (certificate["subject"], certificate["issuer"]) == ("", "organizationName=example.org, commonName=Root CA 4d")
    assert certificate["serial"] == "06"


def test_a_client_without_certificate_is_let_in_only_where_that_is_wanted(serve, folder: Path, ca: SigningCa) -> None:
    nobody = client_context(ca, folder, certificate=False)
    with pytest.raises(FetchError):
        ask(serve, folder, nobody)
    assert ask(serve, folder, nobody, "optional")["client_certificate"] is None
    assert ask(serve, folder, nobody, "none")["client_certificate"] is None
    (folder / "ca.crt").unlink()
    assert ask(serve, folder, nobody)["client_certificate"] is None


def test_what_is_missing_or_unknown_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"CLIENT_AUTH=maybe is not known. Use one of none, optional, require"):
        make_context(folder, "maybe")
    with pytest.raises(OSError, match="No such file"):
        make_context(tmp_path / "nowhere", "")


def test_a_plaintext_connection_has_no_tls_side(make_request) -> None:
    with pytest.raises(TypeError):
        describe_tls(make_request("/").connection)
