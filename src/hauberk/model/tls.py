"""What a mesh says about TLS itself: versions, cipher suites, curves, by the names that ServiceMeshControlPlane uses (Go's).

The tables give Envoy's (BoringSSL's) names. Tried one by one against the wheel, `envoy --mode validate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = [
    "CIPHER_SUITES",
    "CIPHER_SUITES_WITHOUT_ENVOY",
    "CURVES",
    "MESH_MTLS_VERSIONS",
    "P256",
    "POST_QUANTUM_POLICY",
    "MeshTls",
    "TlsVersion",
]

POST_QUANTUM_POLICY: Final = "pqc"
"""The one of Istio's compliance policies that is implemented (istio pkg/model/fips.go)."""

P256: Final = "CurveP256"
"""The curve of every certificate that a mesh's CA signs; in TLS 1.2 the list of curves limits those of certificates too."""

CURVES: Final[Mapping[str, str]] = {P256: "P-256", "CurveP384": "P-384", "CurveP521": "P-521", "X25519": "X25519"}
"""Istio pkg/features/tls_ecdh_curves.go."""

CIPHER_SUITES: Final[Mapping[str, str]] = {
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256": "ECDHE-RSA-AES128-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256": "ECDHE-ECDSA-AES128-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
    "TLS_RSA_WITH_AES_128_CBC_SHA": "AES128-SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA": "AES256-SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA": "DES-CBC3-SHA",
}
"""Cipher suites up to TLS 1.2; those of 1.3 are fixed. Istio pkg/features/tls_cipher_suites.go, less those of the next line."""

CIPHER_SUITES_WITHOUT_ENVOY: Final = ("TLS_RSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA")
"""OpenShift Service Mesh names them; Envoy does not have them and would refuse the whole listener."""


class TlsVersion(StrEnum):
    """In ascending order; TLS_AUTO leaves the choice to the mesh: 1.2 as the lowest, 1.3 as the highest."""

    AUTO = "TLS_AUTO"
    V1_0 = "TLSv1_0"
    V1_1 = "TLSv1_1"
    V1_2 = "TLSv1_2"
    V1_3 = "TLSv1_3"


MESH_MTLS_VERSIONS: Final[Mapping[str, TlsVersion]] = {"TLS_AUTO": TlsVersion.AUTO, "TLSV1_2": TlsVersion.V1_2, "TLSV1_3": TlsVersion.V1_3}
"""How Istio's `meshConfig.meshMTLS.minProtocolVersion` spells them (mesh/v1alpha1/config.proto)."""


@dataclass(frozen=True, slots=True)
class MeshTls:
    """`spec.security.controlPlane.tls`: what servers of the mesh take, sidecars and gateways alike. Empty means the mesh's defaults."""

    min_version: TlsVersion = TlsVersion.AUTO
    max_version: TlsVersion = TlsVersion.AUTO
    cipher_suites: tuple[str, ...] = ()
    ecdh_curves: tuple[str, ...] = ()
    post_quantum: bool = False
    """Under the compliance policy `pqc`: TLS 1.3 with X25519MLKEM768 and nothing else, whatever the other fields say."""

    @property
    def lowest(self) -> TlsVersion:
        """The lowest version that is really taken."""
        if self.post_quantum:
            return TlsVersion.V1_3
        return TlsVersion.V1_2 if self.min_version is TlsVersion.AUTO else self.min_version

    @property
    def highest(self) -> TlsVersion:
        """The highest version that is really taken."""
        return TlsVersion.V1_3 if self.post_quantum or self.max_version is TlsVersion.AUTO else self.max_version
