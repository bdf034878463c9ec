"""Secrets and who may have them; chains are tests/golden/cases/gateway-tls, what they do tests/netns/test_gateway_tls.py."""

from dataclasses import replace
from typing import Any

import pytest

from hauberk.envoy.outbound.gateway import GatewayPort
from hauberk.envoy.outbound.gateway_tls import SecureServer, build_secret, needed_secrets, secret_name, secure_chains, stream_chains
from hauberk.model.secret import TlsCredential
from hauberk.model.tls import MeshTls, TlsVersion
from hauberk.model.traffic import Gateway, GatewayServer, ServerTls, ServerTlsMode
from tests.unit.envoy.builders import as_dict
from tests.unit.model.builders import make_settings, make_workload
from tests.unit.view.builders import make_view

OWN = TlsCredential("istio-system", "own", b"certificate", b"key", b"roots")
FOREIGN = TlsCredential("bookinfo", "foreign", b"certificate", b"key")
ROUTER = make_workload("gateway-1", "istio-system", sidecar=False)
GO_SUITE, SUITE = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"
VIEW = make_view(OWN, FOREIGN, ROUTER, settings=make_settings("bookinfo"))


def server(credential: str, mode: ServerTlsMode = ServerTlsMode.SIMPLE) -> SecureServer:
    gateway, tls = Gateway("bookinfo", "g"), ServerTls(mode, credential)
    entry = GatewayServer(443, "HTTPS", "s", ("a.example",), tls)
    return SecureServer(gateway, entry, tls, GatewayPort(443, 8443, ((gateway, entry.hosts),), "https.8443.s.g.bookinfo"))


def test_a_router_has_the_secrets_that_its_servers_name_and_its_namespace_holds() -> None:
    servers = [server("own"), server("foreign"), server("gone")]
    assert needed_secrets(VIEW, "istio-system", servers) == {"kubernetes://own": OWN}
    assert needed_secrets(VIEW, "bookinfo", servers) == {"kubernetes://foreign": FOREIGN}


def test_roots_are_a_secret_of_their_own() -> None:
    found = needed_secrets(VIEW, "istio-system", [server("own", ServerTlsMode.MUTUAL)])
    assert found == {"kubernetes://own": OWN, "kubernetes://own-cacert": OWN}
    assert as_dict(build_secret("kubernetes://own-cacert", OWN)).keys() == {"name", "validation_context"}
    assert as_dict(build_secret(secret_name("own"), OWN)).keys() == {"name", "tls_certificate"}


def test_a_server_without_its_credential_has_no_chain() -> None:
    assert [len(secure_chains(VIEW, ROUTER, server(name))) for name in ("own", "foreign", "gone")] == [1, 0, 0]
    assert secure_chains(VIEW, ROUTER, server("foreign", ServerTlsMode.MUTUAL)) == []


def test_a_stream_that_nobody_routes_has_no_chain() -> None:
    assert stream_chains(VIEW, ROUTER, Gateway("bookinfo", "g"), GatewayServer(3306, "TCP")) == []


@pytest.mark.parametrize(
    ("mesh", "server_says", "versions", "ciphers", "curves"),
    [
        (MeshTls(), {}, ("TLSv1_2", "TLSv1_3"), None, ["X25519MLKEM768", "X25519", "P-256"]),
        (MeshTls(TlsVersion.V1_3, ecdh_curves=("CurveP256",)), {}, ("TLSv1_3", "TLSv1_3"), None, ["P-256"]),
        (MeshTls(cipher_suites=(GO_SUITE,)), {}, ("TLSv1_2", "TLSv1_3"), [SUITE], ["X25519MLKEM768", "X25519", "P-256"]),
        (
            MeshTls(TlsVersion.V1_3, cipher_suites=(GO_SUITE,)),
            {"min_version": "TLSv1_2", "max_version": "TLSv1_2", "cipher_suites": ("AES128-SHA",)},
            ("TLSv1_2", "TLSv1_2"),
            ["AES128-SHA"],
            ["X25519MLKEM768", "X25519", "P-256"],
        ),
        (MeshTls(post_quantum=True), {"min_version": "TLSv1_2"}, ("TLSv1_3", "TLSv1_3"), None, ["X25519MLKEM768"]),
    ],
    ids=["nothing said", "the mesh's versions and curves", "the mesh's ciphers", "the Gateway over the mesh", "pqc over the Gateway"],
)
def test_tls_is_as_the_gateway_says_else_the_mesh_and_under_pqc_as_that_demands(
    mesh: MeshTls, server_says: dict[str, Any], versions: tuple[str, str], ciphers: list[str] | None, curves: list[str]
) -> None:
    view = make_view(OWN, ROUTER, settings=replace(make_settings("bookinfo"), tls=mesh))
    entry = server("own")
    (chain,) = secure_chains(view, ROUTER, replace(entry, tls=replace(entry.tls, **server_says)))
    found = as_dict(chain)["transport_socket"]["typed_config"]["common_tls_context"]["tls_params"]
    assert (found["tls_minimum_protocol_version"], found["tls_maximum_protocol_version"]) == versions
    assert (found.get("cipher_suites"), found["ecdh_curves"]) == (ciphers, curves)
