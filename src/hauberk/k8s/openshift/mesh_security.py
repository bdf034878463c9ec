"""The `security` section of a ServiceMeshControlPlane.

Implemented: the data plane's mTLS, TLS of the mesh's servers, the trust domains, how workloads prove themselves, the mesh's own
CA (self-signed or plugged in).
Source: maistra istio-operator pkg/apis/maistra/v2/security.go.
"""

from typing import Annotated, Literal

from pydantic import Field

from hauberk.k8s.models import Duration, LaterObject, LaterText, Part

__all__ = ["CertificateAuthority", "ControlPlaneTls", "IstiodAuthority", "Security"]

TlsVersionName = Literal["TLS_AUTO", "TLSv1_0", "TLSv1_1", "TLSv1_2", "TLSv1_3"]


class DataPlane(Part):
    """mTLS between workloads."""

    mtls: bool | None = None
    """true: every workload accepts mutual TLS only (STRICT); otherwise plaintext as well (PERMISSIVE)."""
    automtls: bool | None = None
    """Whether clients find out by themselves where mutual TLS is accepted; true unless said otherwise."""


class ControlPlaneTls(Part):
    """TLS of the mesh's servers: the inbound side of sidecars, gateways."""

    min_protocol_version: TlsVersionName | None = None
    """The lowest version that is taken; TLS_AUTO means TLSv1_2."""
    max_protocol_version: TlsVersionName | None = None
    """The highest version that is taken; TLS_AUTO means TLSv1_3."""
    cipher_suites: list[str] | None = None
    """Cipher suites of TLS 1.2, by Go's names, such as TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256."""
    ecdh_curves: list[str] | None = None
    """Curves of the key exchange: CurveP256, CurveP384, CurveP521, X25519."""


class ControlPlaneSecurity(Part):
    """Security of the control plane itself: its connections are always mutual TLS."""

    mtls: bool | None = None
    """Always so here, whatever is written."""
    cert_provider: Literal["Istiod", "Kubernetes", "Custom"] | None = None
    """Who signs the control plane's own certificate: the mesh's CA."""
    tls: ControlPlaneTls | None = None
    """TLS of the mesh's servers."""


class Trust(Part):
    """Whose identities are ours."""

    domain: str | None = None
    """The trust domain of the mesh's SPIFFE identities; cluster.local unless said otherwise."""
    additional_domains: list[str] | None = None
    """More trust domains whose identities count as the mesh's own, such as the one before a change."""


class SelfSigned(Part):
    """The root that the mesh makes for itself."""

    ttl: Duration | None = None
    """How long a new root lives; 87600h (ten years) unless said otherwise."""
    grace_period: str | None = None
    """The last part of a root's life, in percent, in which a new one takes its place; 20 unless said otherwise."""
    check_period: str | None = None
    """How often the root's age is looked at; 1h unless said otherwise, never with 0."""
    enable_jitter: bool | None = None
    """Whether each mesh renews its root at a moment of its own in a check period, not all together; true unless said otherwise."""


class PrivateKey(Part):
    """The CA that is plugged in by the secret `cacerts`."""

    root_ca_dir: str | None = Field(default=None, alias="rootCADir")
    """Where upstream mounts the secret; accepted, and of no account here: the secret itself is read."""
    encryption_secret: LaterText = None
    signing_cert_secret: LaterText = None


class IstiodAuthority(Part):
    """The mesh's own CA."""

    type: Literal["SelfSigned", "PrivateKey"] | None = None
    """SelfSigned makes a root of its own; PrivateKey takes the CA in the secret `cacerts`, and says so where it is missing or bad."""
    workload_cert_ttl_default: Annotated[Duration | None, Field(alias="workloadCertTTLDefault")] = None
    """How long workloads' certificates live; 24h unless said otherwise. Our agents ask for no other life."""
    workload_cert_ttl_max: Annotated[Duration | None, Field(alias="workloadCertTTLMax")] = None
    """The longest life that a workload may ask for: more is clipped to it, not refused. 2160h unless said otherwise."""
    self_signed: SelfSigned | None = None
    """Settings of the self-signed root."""
    private_key: PrivateKey | None = None
    """Settings of the plugged-in CA."""


class CertificateAuthority(Part):
    """Who signs the certificates of workloads."""

    type: Literal["Istiod", "Custom", "cert-manager"] | None = None
    """Istiod is the mesh's own CA."""
    istiod: IstiodAuthority | None = None
    """Settings of the mesh's own CA."""
    custom: LaterObject = None
    cert_manager: LaterObject = Field(default=None, alias="cert-manager")


class ThirdParty(Part):
    """The token by which workloads prove who they are."""

    issuer: LaterText = None
    audience: Literal["istio-ca"] | None = None
    """Whom it is meant for: istio-ca."""


class Identity(Part):
    """How workloads prove who they are to the CA."""

    type: Literal["Kubernetes", "ThirdParty"] | None = None
    """Either: here it is always a token of the ServiceAccount, bound to the pod and meant for the CA alone."""
    third_party: ThirdParty | None = None
    """Settings of that token."""


class Security(Part):
    """Security of the mesh."""

    data_plane: DataPlane | None = None
    """mTLS between workloads."""
    control_plane: ControlPlaneSecurity | None = None
    """Security of the control plane itself."""
    trust: Trust | None = None
    """The trust domain."""
    certificate_authority: CertificateAuthority | None = None
    """Who signs certificates."""
    identity: Identity | None = None
    """How workloads prove who they are."""
    manage_network_policy: bool | None = None
    """Whether the mesh makes NetworkPolicies; true unless said otherwise."""
    jwks_resolver_ca: LaterText = Field(default=None, alias="jwksResolverCA")
