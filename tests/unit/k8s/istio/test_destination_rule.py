import pytest

from hauberk.k8s.networking import DESTINATION_RULE
from tests.unit.k8s.builders import errors, warnings


def rule(spec: str) -> str:
    return f"{{kind: DestinationRule, spec: {{host: a, {spec}}}}}"


def tls(settings: str) -> str:
    return rule(f"trafficPolicy: {{tls: {{{settings}}}}}")


@pytest.mark.parametrize(
    "text",
    [
        rule(""),
        tls("mode: DISABLE"),
        tls("mode: SIMPLE"),
        tls("mode: SIMPLE, clientCertificate: /ignored"),
        tls("mode: MUTUAL, clientCertificate: /c, privateKey: /k, caCertificates: /r, sni: a, subjectAltNames: [b]"),
        tls("mode: ISTIO_MUTUAL, sni: a, subjectAltNames: ['spiffe://x']"),
        rule("trafficPolicy: {portLevelSettings: [{port: {number: 8188}, tls: {mode: SIMPLE}}]}, exportTo: ['.']"),
        rule("subsets: [{name: v1, labels: {version: v1}}, {name: v2, trafficPolicy: {tls: {mode: DISABLE}}}]"),
    ],
)
def test_what_istio_takes_and_we_do(text: str) -> None:
    assert (errors(DESTINATION_RULE, text), warnings(DESTINATION_RULE, text)) == ([], [])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            "mode: MUTUAL",
            [
                ("clientCertificate", "Required value: client certificate required for mutual tls"),
                ("privateKey", "Required value: private key required for mutual tls"),
            ],
        ),
        ("mode: MUTUALL", [("mode", 'Unsupported value: "MUTUALL": supported values: "DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"')]),
        (
            "mode: SIMPLE, credentialName: c, caCertificates: /r",
            [
                (
                    "credentialName",
                    "Forbidden: cannot specify client certificates or CA certificate or CA CRL If credentialName is set",
                )
            ],
        ),
        (
            "mode: SIMPLE, insecureSkipVerify: true, subjectAltNames: [a]",
            [
                (
                    "insecureSkipVerify",
                    "Forbidden: cannot specify CaCertificates or CredentialName or SubjectAltNames when InsecureSkipVerify is set true",
                )
            ],
        ),
        (
            "mode: MUTUAL, credentialName: c, insecureSkipVerify: true, subjectAltNames: [a]",
            [("insecureSkipVerify", "Forbidden: cannot specify CaCertificates or SubjectAltNames when InsecureSkipVerify is set true")],
        ),
    ],
)
def test_client_tls_settings_with_istios_texts(settings: str, expected: list[tuple[str, str]]) -> None:
    prefix = "spec.trafficPolicy.tls."
    assert errors(DESTINATION_RULE, tls(settings)) == [(prefix + field, message) for field, message in expected]
    port = rule(f"trafficPolicy: {{portLevelSettings: [{{port: {{number: 1}}, tls: {{{settings}}}}}]}}")
    prefix = "spec.trafficPolicy.portLevelSettings[0].tls."
    assert errors(DESTINATION_RULE, port) == [(prefix + field, message) for field, message in expected]


def test_istio_mutual_names_each_field_that_it_ignores() -> None:
    text = tls("mode: ISTIO_MUTUAL, clientCertificate: /c, privateKey: /k, caCertificates: /r, credentialName: x, sni: a")
    prefix = "spec.trafficPolicy.tls."
    fields = ("clientCertificate", "privateKey", "caCertificates", "credentialName")
    assert errors(DESTINATION_RULE, text) == []
    assert warnings(DESTINATION_RULE, text) == [("HBK0291", prefix + field) for field in fields]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{kind: DestinationRule, spec: {trafficPolicy: {tls: {}}}}", [("spec.host", "Required value")]),
        (
            rule("trafficPolicy: {loadBalancer: {simple: X}}"),
            [
                (
                    "spec.trafficPolicy.loadBalancer.simple",
                    'Unsupported value: "X": supported values: "UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", '
                    '"LEAST_REQUEST"',
                )
            ],
        ),
        (rule("trafficPolicy: {}"), [("spec.trafficPolicy", "Required value: traffic policy must have at least one field")]),
        (
            rule("trafficPolicy: {portLevelSettings: [{port: {number: 0}}]}"),
            [
                ("spec.trafficPolicy.portLevelSettings[0].port.number", "Required value: portTrafficPolicy must have valid port"),
                ("spec.trafficPolicy.portLevelSettings[0]", "Required value: port traffic policy must have at least one field"),
            ],
        ),
        (
            rule("subsets: [{name: a}, {name: a, trafficPolicy: {}}]"),
            [
                ("spec.subsets[1].trafficPolicy", "Required value: traffic policy must have at least one field"),
                ("spec.subsets", 'Invalid value: "a": duplicate subset names: a'),
            ],
        ),
        (rule("exportTo: ['.', A]"), [("spec.exportTo[1]", "Invalid value: \"A\": exportTo must be '.', '*' or the name of a namespace")]),
        ("{kind: DestinationRule, spec: {host: 'a b'}}", [("spec.host", 'Invalid value: "a b": domain name "a b" invalid')]),
    ],
)
def test_rules_around_it(text: str, expected: list[tuple[str, str]]) -> None:
    assert errors(DESTINATION_RULE, text) == expected


def test_a_subset_name_is_a_label() -> None:
    ((path, message),) = errors(DESTINATION_RULE, rule("subsets: [{name: A_1}]"))
    assert (path, message[:49]) == ("spec.subsets[0].name", 'Invalid value: "A_1": subset name is invalid: a l')


def test_what_is_not_implemented_is_said_by_name() -> None:
    text = rule("workloadSelector: {matchLabels: {a: b}}, trafficPolicy: {loadBalancer: {warmup: {duration: 1s}}, tunnel: {a: b}}")
    assert errors(DESTINATION_RULE, text) == []
    assert {path for _, path in warnings(DESTINATION_RULE, text)} == {
        "spec.trafficPolicy.loadBalancer.warmup",
        "spec.trafficPolicy.tunnel",
    }


def test_policies_of_connections_are_taken() -> None:
    policy = "loadBalancer: {simple: RANDOM}, connectionPool: {tcp: {maxConnections: 1}}, outlierDetection: {consecutive5xxErrors: 1}"
    text = rule(f"trafficPolicy: {{{policy}}}")
    assert (errors(DESTINATION_RULE, text), warnings(DESTINATION_RULE, text)) == ([], [])


@pytest.mark.parametrize(
    "written",
    [
        "connectionPool.tcp.maxConnections: -1",
        "connectionPool.http.http1MaxPendingRequests: -1",
        "connectionPool.http.http2MaxRequests: -1",
        "connectionPool.http.maxRequestsPerConnection: -1",
        "connectionPool.http.maxRetries: 2147483648",
        "outlierDetection.consecutiveErrors: -1",
        "outlierDetection.maxEjectionPercent: 101",
        "outlierDetection.minHealthPercent: -1",
    ],
)
def test_numbers_that_no_envoy_can_hold_are_refused(written: str) -> None:
    path, _, number = written.partition(": ")
    *owners, field = path.split(".")
    policy = f"{field}: {number}"
    for owner in reversed(owners):
        policy = f"{owner}: {{{policy}}}"
    assert [where for where, _ in errors(DESTINATION_RULE, rule(f"trafficPolicy: {{{policy}}}"))] == [f"spec.trafficPolicy.{path}"]


@pytest.mark.parametrize(("length", "found"), [(255, []), (256, ["spec.trafficPolicy.tls.sni"])])
def test_a_server_name_fits_into_a_handshake(length: int, found: list[str]) -> None:
    assert [path for path, _ in errors(DESTINATION_RULE, tls(f"mode: ISTIO_MUTUAL, sni: {'a' * length}"))] == found


def test_a_mode_that_is_not_said_means_plaintext_and_that_is_said() -> None:
    assert (errors(DESTINATION_RULE, tls("")), warnings(DESTINATION_RULE, tls(""))) == ([], [("HBK0292", "spec.trafficPolicy.tls.mode")])


@pytest.mark.parametrize("mode", ["SIMPLE", "MUTUAL"])
def test_credentials_that_sidecars_do_not_take_are_said(mode: str) -> None:
    found = warnings(DESTINATION_RULE, tls(f"mode: {mode}, credentialName: c"))
    assert found == [("HBK0293", "spec.trafficPolicy.tls.credentialName")]
