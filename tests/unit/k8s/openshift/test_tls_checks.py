import pytest

from hauberk.k8s.maistra import SERVICE_MESH_CONTROL_PLANE
from hauberk.model.tls import CIPHER_SUITES
from tests.unit.k8s.builders import errors, warnings

PATH = "spec.security.controlPlane.tls"


def plane(tls: str) -> str:
    return f"{{kind: ServiceMeshControlPlane, spec: {{security: {{controlPlane: {{tls: {tls}}}}}}}}}"


@pytest.mark.parametrize(
    "tls",
    [
        "{}",
        "{minProtocolVersion: TLS_AUTO, maxProtocolVersion: TLS_AUTO}",
        "{minProtocolVersion: TLSv1_0, maxProtocolVersion: TLSv1_2}",
        "{minProtocolVersion: TLSv1_3, ecdhCurves: [CurveP384]}",
        "{ecdhCurves: [CurveP384, CurveP256, CurveP521, X25519]}",
        "{cipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]}",
        f"{{maxProtocolVersion: TLSv1_2, cipherSuites: [{', '.join(CIPHER_SUITES)}]}}",
    ],
)
def test_what_can_work_is_taken(tls: str) -> None:
    assert (errors(SERVICE_MESH_CONTROL_PLANE, plane(tls)), warnings(SERVICE_MESH_CONTROL_PLANE, plane(tls))) == ([], [])


@pytest.mark.parametrize(
    ("tls", "field", "message"),
    [
        ("{minProtocolVersion: '1.2'}", "minProtocolVersion", 'Unsupported value: "1.2": supported values: "TLS_AUTO", "TLSv1_0", '),
        ("{ecdhCurves: [CurveP256, P-384]}", "ecdhCurves[1]", 'Unsupported value: "P-384": supported values: "CurveP256", "CurveP384", '),
        (
            "{cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256]}",
            "cipherSuites[0]",
            'Unsupported value: "ECDHE-RSA-AES128-GCM-SHA256": supported values: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"',
        ),
        (
            "{cipherSuites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_CBC_SHA256]}",
            "cipherSuites[1]",
            'Invalid value: "TLS_RSA_WITH_AES_128_CBC_SHA256": Envoy does not have this cipher suite any more',
        ),
        (
            "{minProtocolVersion: TLSv1_3, maxProtocolVersion: TLSv1_2}",
            "minProtocolVersion",
            'Invalid value: "TLSv1_3": is above maxProtocolVersion, which is TLSv1_2: no connection could be made',
        ),
        (
            "{maxProtocolVersion: TLSv1_1, minProtocolVersion: TLSv1_0}",
            "maxProtocolVersion",
            'Invalid value: "TLSv1_1": sidecars call each other with TLSv1_2 and TLSv1_3 only',
        ),
        (
            "{ecdhCurves: [X25519]}",
            "ecdhCurves",
            'Invalid value: ["X25519"]: without CurveP256 every handshake of TLS 1.2 fails, since the mesh\'s certificates are on that '
            "curve. Add CurveP256, or set minProtocolVersion: TLSv1_3.",
        ),
        (
            "{maxProtocolVersion: TLSv1_2, cipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]}",
            "cipherSuites",
            'Invalid value: ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]: none of them goes with the mesh\'s ECDSA certificates',
        ),
    ],
)
def test_what_cannot_work_is_refused_with_its_path_and_what_would_be_right(tls: str, field: str, message: str) -> None:
    ((path, found),) = errors(SERVICE_MESH_CONTROL_PLANE, plane(tls))
    assert path == f"{PATH}.{field}"
    assert found.startswith(message)


def test_cipher_suites_mean_nothing_in_tls_1_3() -> None:
    written = plane("{minProtocolVersion: TLSv1_3, cipherSuites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]}")
    assert warnings(SERVICE_MESH_CONTROL_PLANE, written) == [("HBK0303", f"{PATH}.cipherSuites")]


@pytest.mark.parametrize(
    ("mesh", "found"),
    [
        ("{minProtocolVersion: TLSV1_3, cipherSuites: [ECDHE-ECDSA-AES128-GCM-SHA256], ecdhCurves: [P-256]}", []),
        ("{minProtocolVersion: TLSv1_3}", ["minProtocolVersion"]),
        ("{cipherSuites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256], ecdhCurves: [P-256, CurveP256]}", ["cipherSuites[0]", "ecdhCurves[1]"]),
    ],
)
def test_mesh_mtls_is_checked_by_envoys_names(mesh: str, found: list[str]) -> None:
    text = f"{{kind: ServiceMeshControlPlane, spec: {{techPreview: {{meshConfig: {{meshMTLS: {mesh}}}}}}}}}"
    paths = [path for path, _ in errors(SERVICE_MESH_CONTROL_PLANE, text)]
    assert paths == [f"spec.techPreview.meshConfig.meshMTLS.{path}" for path in found]
