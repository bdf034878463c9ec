"""The `security` section of a ServiceMeshControlPlane.

Implemented: the data plane's mTLS, the trust domain, the mesh's own CA (self-signed or plugged in).
Source: maistra istio-operator pkg/apis/maistra/v2/security.go.
"""

from typing import Annotated, Literal

from pydantic import Field

from hauberk.k8s.models import LATER, Duration, LaterFlag, LaterList, LaterObject, LaterText, Part

__all__ = ["CertificateAuthority", "IstiodAuthority", "Security"]


class DataPlane(Part):
    """mTLS between workloads."""

    mtls: bool | None = None
    """true: every workload accepts mutual TLS only (STRICT); otherwise plaintext as well (PERMISSIVE)."""
    automtls: bool | None = None
    """Whether clients find out by themselves where mutual TLS is accepted; true unless said otherwise."""


class ControlPlaneTls(Part):
    """TLS of the control plane's own servers."""

    min_protocol_version: LaterText = None
    max_protocol_version: LaterText = None
    cipher_suites: LaterList = None
    ecdh_curves: LaterList = None


class ControlPlaneSecurity(Part):
    """Security of the control plane itself: its connections are always mutual TLS."""

    mtls: bool | None = None
    """Always so here, whatever is written."""
    cert_provider: LaterText = None
    tls: Annotated[ControlPlaneTls | None, LATER] = None


class Trust(Part):
    """Whose identities are ours."""

    domain: str | None = None
    """The trust domain of the mesh's SPIFFE identities; cluster.local unless said otherwise."""
    additional_domains: LaterList = None


class SelfSigned(Part):
    """The root that the mesh makes for itself."""

    ttl: Annotated[Duration | None, LATER] = None
    grace_period: LaterText = None
    check_period: Annotated[str | None, LATER] = None
    enable_jitter: LaterFlag = None


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
    workload_cert_ttl_default: Annotated[Duration | None, Field(alias="workloadCertTTLDefault"), LATER] = None
    workload_cert_ttl_max: Annotated[Duration | None, Field(alias="workloadCertTTLMax"), LATER] = None
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


class Identity(Part):
    """How workloads prove who they are to the CA."""

    type: Literal["Kubernetes", "ThirdParty"] | None = None
    """Kubernetes: by the token of their ServiceAccount."""
    third_party: LaterObject = None


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
    """Whether the mesh makes NetworkPolicies; there are none here."""
    jwks_resolver_ca: LaterText = Field(default=None, alias="jwksResolverCA")
