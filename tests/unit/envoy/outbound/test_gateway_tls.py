"""Secrets and who may have them; chains are tests/golden/cases/gateway-tls, what they do tests/netns/test_gateway_tls.py."""

from hauberk.envoy.outbound.gateway import GatewayPort
from hauberk.envoy.outbound.gateway_tls import SecureServer, build_secret, needed_secrets, secret_name, secure_chains, stream_chains
from hauberk.model.secret import TlsCredential
from hauberk.model.traffic import Gateway, GatewayServer, ServerTls, ServerTlsMode
from tests.unit.envoy.builders import as_dict
from tests.unit.model.builders import make_settings, make_workload
from tests.unit.view.builders import make_view

OWN = TlsCredential("istio-system", "own", b"certificate", b"key", b"roots")
FOREIGN = TlsCredential("bookinfo", "foreign", b"certificate", b"key")
ROUTER = make_workload("gateway-1", "istio-system", sidecar=False)
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
