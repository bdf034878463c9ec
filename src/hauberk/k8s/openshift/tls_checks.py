"""`spec.security.controlPlane.tls`: what could not work is refused, where upstream drops or ignores it.

Source of the rules: Envoy's behaviour as measured (in TLS 1.2 a list of curves without P-256 fails every P-256 certificate).
"""

from typing import Final

from hauberk.k8s.kind import Manifest, value_at
from hauberk.k8s.openshift.mesh_security import ControlPlaneTls
from hauberk.k8s.review import Review
from hauberk.model.tls import CIPHER_SUITES, CIPHER_SUITES_WITHOUT_ENVOY, CURVES, MESH_MTLS_VERSIONS, P256, MeshTls, TlsVersion

__all__ = ["check_mesh_mtls", "check_tls"]

_CODE: Final = "HBK0303"
_MESH_MTLS: Final = ("techPreview", "meshConfig", "meshMTLS")
_ORDER: Final = tuple(TlsVersion)


def check_tls(written: ControlPlaneTls, path: str, review: Review) -> None:
    """Check the section at `path`: each name, then what the names mean together."""
    for index, suite in enumerate(written.cipher_suites or ()):
        _check_suite(suite, f"{path}.cipherSuites[{index}]", review)
    for index, curve in enumerate(written.ecdh_curves or ()):
        if curve not in CURVES:
            review.unsupported(f"{path}.ecdhCurves[{index}]", curve, CURVES, code=_CODE)
    tls = MeshTls(
        TlsVersion(written.min_protocol_version or TlsVersion.AUTO),
        TlsVersion(written.max_protocol_version or TlsVersion.AUTO),
        tuple(written.cipher_suites or ()),
        tuple(written.ecdh_curves or ()),
    )
    _check_versions(tls, path, review)
    _check_together(tls, path, review)


def check_mesh_mtls(spec: Manifest, review: Review) -> None:
    """Check `techPreview.meshConfig.meshMTLS`, Istio's own place for the mesh's TLS; its names are Envoy's."""
    written = value_at(spec, *_MESH_MTLS)
    if not isinstance(written, dict):
        return
    path = ".".join(("spec", *_MESH_MTLS))
    version = written.get("minProtocolVersion", "TLS_AUTO")
    if version not in MESH_MTLS_VERSIONS:
        review.unsupported(f"{path}.minProtocolVersion", version, MESH_MTLS_VERSIONS, code=_CODE)
    for field, known in (("cipherSuites", CIPHER_SUITES), ("ecdhCurves", CURVES)):
        for index, name in enumerate(written.get(field) or ()):
            if name not in known.values():
                review.unsupported(f"{path}.{field}[{index}]", name, known.values(), code=_CODE)


def _check_suite(suite: str, path: str, review: Review) -> None:
    if suite in CIPHER_SUITES_WITHOUT_ENVOY:
        fix = "Take it out; TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 is the one to have."
        review.invalid(path, suite, "Envoy does not have this cipher suite any more", code=_CODE, fix=fix)
    elif suite not in CIPHER_SUITES:
        review.unsupported(path, suite, CIPHER_SUITES, code=_CODE)


def _check_versions(tls: MeshTls, path: str, review: Review) -> None:
    if _ORDER.index(tls.lowest) > _ORDER.index(tls.highest):
        why = f"is above maxProtocolVersion, which is {tls.highest}: no connection could be made"
        review.invalid(f"{path}.minProtocolVersion", tls.min_version, why, code=_CODE, fix=f"Write {tls.highest} or lower.")
    elif _ORDER.index(tls.highest) < _ORDER.index(TlsVersion.V1_2):
        why = "sidecars call each other with TLSv1_2 and TLSv1_3 only: every call in the mesh would fail"
        review.invalid(f"{path}.maxProtocolVersion", tls.max_version, why, code=_CODE, fix="Write TLSv1_2 or TLSv1_3.")


def _check_together(tls: MeshTls, path: str, review: Review) -> None:
    only_1_3 = tls.lowest is TlsVersion.V1_3
    if tls.ecdh_curves and P256 not in tls.ecdh_curves and not only_1_3:
        why = "without CurveP256 every handshake of TLS 1.2 fails, since the mesh's certificates are on that curve"
        fix = "Add CurveP256, or set minProtocolVersion: TLSv1_3."
        review.invalid(f"{path}.ecdhCurves", list(tls.ecdh_curves), f"{why}. {fix}", code=_CODE, fix=fix)
    if not tls.cipher_suites:
        return
    if only_1_3:
        message = "cipher suites are those of TLS 1.2 and before; with minProtocolVersion TLSv1_3 they have no effect."
        review.warn(_CODE, f"{path}.cipherSuites", message, "Take them out.")
    elif tls.highest is TlsVersion.V1_2 and not any("_ECDSA_" in suite for suite in tls.cipher_suites):
        why = "none of them goes with the mesh's ECDSA certificates, and TLS 1.3 is switched off: no connection could be made"
        fix = "Add TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256."
        review.invalid(f"{path}.cipherSuites", list(tls.cipher_suites), f"{why}. {fix}", code=_CODE, fix=fix)
