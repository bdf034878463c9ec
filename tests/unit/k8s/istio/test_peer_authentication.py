import pytest

from hauberk.k8s.security import PEER_AUTHENTICATION
from tests.unit.k8s.builders import errors, warnings


def policy(spec: str) -> str:
    return f"{{kind: PeerAuthentication, spec: {spec}}}"


@pytest.mark.parametrize(
    "spec",
    [
        "{}",
        "{mtls: {}}",
        "{mtls: {mode: STRICT}}",
        "{mtls: null}",
        "{selector: {matchLabels: {app: web}}, portLevelMtls: {'8080': {mode: DISABLE}, '9090': null}}",
    ],
)
def test_what_istio_takes(spec: str) -> None:
    assert (errors(PEER_AUTHENTICATION, policy(spec)), warnings(PEER_AUTHENTICATION, policy(spec))) == ([], [])


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            "{mtls: {mode: strict}}",
            [("spec.mtls.mode", 'Unsupported value: "strict": supported values: "UNSET", "DISABLE", "PERMISSIVE", "STRICT"')],
        ),
        (
            "{selector: {matchLabels: {a: b}}, portLevelMtls: {'8080': {mode: X}, '9090': {mode: 1}}}",
            [
                ("spec.portLevelMtls[8080].mode", 'Unsupported value: "X": supported values: "UNSET", "DISABLE", "PERMISSIVE", "STRICT"'),
                ("spec.portLevelMtls[9090].mode", 'Unsupported value: 1: supported values: "UNSET", "DISABLE", "PERMISSIVE", "STRICT"'),
            ],
        ),
        ("{portLevelMtls: {'8080': {mode: STRICT}}}", [("spec", "Invalid value: portLevelMtls requires selector")]),
        ("{selector: {matchLabels: {}}, portLevelMtls: {'80': {}}}", [("spec", "Invalid value: portLevelMtls requires selector")]),
        (
            "{selector: {matchLabels: {a: b}}, portLevelMtls: {}}",
            [("spec.portLevelMtls", "Invalid value: {}: spec.portLevelMtls in body should have at least 1 properties")],
        ),
        (
            "{selector: {matchLabels: {a: b}}, portLevelMtls: {'99999': {}, '0': {}, http: {}}}",
            [("spec.portLevelMtls", "Invalid value: port must be between 1-65535")] * 3,
        ),
        (
            "{selector: {matchLabels: {'a*': b, c: '*', '': d}}}",
            [
                ("spec.selector.matchLabels", "Invalid value: wildcard not allowed in label key match"),
                ("spec.selector.matchLabels.c", "Invalid value: wildcard not allowed in label value match"),
                ("spec.selector.matchLabels", "Invalid value: key must not be empty"),
            ],
        ),
        (
            "{mtls: STRICT, selector: {matchLabels: {app: 1}}}",
            [
                (
                    "spec.selector.matchLabels.app",
                    'Invalid value: "integer": spec.selector.matchLabels.app in body must be of type string: "integer"',
                ),
                ("spec.mtls", 'Invalid value: "string": spec.mtls in body must be of type object: "string"'),
            ],
        ),
    ],
)
def test_what_it_refuses_with_its_texts(spec: str, expected: list[tuple[str, str]]) -> None:
    assert errors(PEER_AUTHENTICATION, policy(spec)) == expected


def test_a_selector_without_labels_is_worth_a_warning() -> None:
    assert warnings(PEER_AUTHENTICATION, policy("{selector: {}, mtls: {mode: STRICT}}")) == [("HBK0103", "spec.selector")]
