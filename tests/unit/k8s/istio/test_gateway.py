import pytest

from hauberk.k8s.networking import GATEWAY
from tests.unit.k8s.builders import errors, warnings


def gateway(server: str, protocol: str = "HTTP") -> str:
    return f"{{kind: Gateway, spec: {{servers: [{{port: {{number: 80, name: http, protocol: {protocol}}}, {server}}}]}}}}"


@pytest.mark.parametrize("text", [gateway("hosts: ['*']"), gateway("hosts: [ns/a.b, ./a, '*/b']"), gateway("hosts: [a], name: n", "GRPC")])
def test_what_istio_takes_and_we_do(text: str) -> None:
    assert (errors(GATEWAY, text), warnings(GATEWAY, text)) == ([], [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{kind: Gateway, spec: {}}", [("spec.servers", "Required value: gateway must have at least one server")]),
        (
            "{kind: Gateway, spec: {servers: [{port: {number: 80}}]}}",
            [
                ("spec.servers[0].port.protocol", "Required value"),
                ("spec.servers[0].port.name", "Required value"),
                ("spec.servers[0].hosts", "Required value"),
            ],
        ),
        (gateway("hosts: []"), [("spec.servers[0].hosts", "Required value: server config must contain at least one host")]),
        (
            gateway("hosts: [a]", "HTTTP"),
            [
                (
                    "spec.servers[0].port.protocol",
                    'Unsupported value: "HTTTP": supported values: "HTTP", "HTTPS", "GRPC", "HTTP2", "MONGO", "TCP", "TLS"',
                )
            ],
        ),
        (
            gateway("hosts: [N/a]"),
            [("spec.servers[0].hosts[0]", "Invalid value: \"N/a\": the part before / must be a namespace, '.' or '*'")],
        ),
        (
            gateway("hosts: [a]", "HTTPS"),
            [("spec.servers[0].tls", "Required value: server must have TLS settings for HTTPS/TLS protocols")],
        ),
    ],
)
def test_servers_with_istios_texts(text: str, expected: list[tuple[str, str]]) -> None:
    assert errors(GATEWAY, text) == expected


@pytest.mark.parametrize(
    ("tls", "expected"),
    [
        (
            "mode: SIMPLE",
            [
                (".serverCertificate", "Required value: SIMPLE TLS requires a server certificate"),
                (".privateKey", "Required value: SIMPLE TLS requires a private key"),
            ],
        ),
        (
            "mode: MUTUAL, serverCertificate: /c, privateKey: /k",
            [(".caCertificates", "Required value: MUTUAL TLS requires a client CA bundle")],
        ),
        (
            "mode: ISTIO_MUTUAL, serverCertificate: /c, credentialName: c",
            [
                (".serverCertificate", "Forbidden: ISTIO_MUTUAL TLS cannot have associated server certificate"),
                (".credentialName", "Forbidden: ISTIO_MUTUAL TLS cannot have associated credentialName"),
            ],
        ),
        (
            "mode: SIMPLE, credentialName: c, serverCertificate: /c, privateKey: /k",
            [
                (
                    "",
                    "Forbidden: only one of credential_name, credential_names, server_certificate/private_key, tls_certificates "
                    "should be specified",
                )
            ],
        ),
        ("mode: PASSTHROUGH", []),
        ("mode: SIMPLE, credentialName: c", []),
    ],
)
def test_server_tls_with_istios_texts(tls: str, expected: list[tuple[str, str]]) -> None:
    found = errors(GATEWAY, gateway(f"hosts: [a], tls: {{{tls}}}", "HTTPS"))
    assert found == [(f"spec.servers[0].tls{field}", message) for field, message in expected]


def test_servers_that_are_not_implemented_are_said_by_name() -> None:
    text = gateway("hosts: [a], bind: 1.2.3.4, tls: {mode: SIMPLE, credentialName: c, caCrl: x}", "HTTPS")
    paths = ("spec.servers[0].bind", "spec.servers[0].tls.caCrl")
    assert warnings(GATEWAY, text) == [("HBK0290", path) for path in paths]
