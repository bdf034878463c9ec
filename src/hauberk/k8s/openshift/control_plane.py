"""ServiceMeshControlPlane (maistra.io/v2): one mesh and its settings.

Bad values are refused here, unlike upstream, which lets them pass and then uses something else; so are those that cannot be
given yet. Source: maistra istio-operator pkg/apis/maistra/v2, pkg/controller/servicemesh/webhooks.
"""

import re
from datetime import timedelta
from typing import Final, Literal

from hauberk import names
from hauberk.k8s.durations import parse_go_duration
from hauberk.k8s.kind import Manifest, value_at
from hauberk.k8s.models import LaterObject, OpenObject, Part
from hauberk.k8s.openshift.mesh_parts import Addons, Gateways, Policy, Proxy, Telemetry, Tracing
from hauberk.k8s.openshift.mesh_security import IstiodAuthority, Security
from hauberk.k8s.openshift.tls_checks import check_mesh_mtls, check_tls
from hauberk.k8s.openshift.webhook_checks import DEFAULT_VERSION, check_as_the_webhook
from hauberk.k8s.openshift.without_effect import warn_of_values_without_effect
from hauberk.k8s.review import Review
from hauberk.model.mesh import InboundProtocol
from hauberk.model.tls import POST_QUANTUM_POLICY

__all__ = ["ControlPlaneSpec", "check_control_plane", "complete_control_plane"]

_CODE: Final = "HBK0301"
_ANNOTATIONS: Final = {names.COMPLIANCE_POLICY: (POST_QUANTUM_POLICY,), names.INBOUND: tuple(InboundProtocol)}
"""Ours, with the values that they may have."""
_DEFAULT_PROFILE: Final = "default"


class ControlPlaneSpec(Part):
    """One mesh and its settings."""

    version: str | None = None
    """The version of OpenShift Service Mesh whose behaviour is meant; v2.5 unless said otherwise."""
    profiles: list[str] | None = None
    """Profiles that settings not given here come from; `default` unless said otherwise."""
    mode: Literal["MultiTenant", "ClusterWide"] | None = None
    """MultiTenant sees the namespaces of its member roll, ClusterWide all; members are the roll's either way."""
    security: Security | None = None
    """Security of the mesh."""
    tracing: Tracing | None = None
    """Tracing."""
    addons: Addons | None = None
    """What comes with the mesh."""
    gateways: Gateways | None = None
    """Gateways."""
    proxy: Proxy | None = None
    """Sidecars."""
    telemetry: Telemetry | None = None
    """Telemetry."""
    policy: Policy | None = None
    """Policy checks."""
    cluster: LaterObject = None
    general: LaterObject = None
    mesh_config: LaterObject = None
    runtime: LaterObject = None
    tech_preview: OpenObject | None = None
    """Of what it may hold only controlPlaneMode and meshConfig.meshMTLS have an effect."""


def complete_control_plane(obj: Manifest) -> None:
    """Fill in version and profiles, as upstream's mutating webhook does."""
    spec = obj.setdefault("spec", {})
    if not spec.get("version"):
        spec["version"] = DEFAULT_VERSION
    if not spec.get("profiles"):
        spec["profiles"] = [_DEFAULT_PROFILE]


def check_control_plane(obj: Manifest, review: Review) -> None:
    """Check what spans fields, and refuse what cannot be given yet, rather than give something else in its place."""
    spec = ControlPlaneSpec.model_validate(obj.get("spec") or {})
    check_as_the_webhook(obj, review)
    for annotation, values in _ANNOTATIONS.items():
        given = value_at(obj, "metadata", "annotations", annotation)
        if given and str(given).strip().lower() not in values:
            review.unsupported(f"metadata.annotations[{annotation}]", given, values, code=_CODE)
    for index, profile in enumerate(spec.profiles or ()):
        if "/" in profile:
            review.invalid(f"spec.profiles[{index}]", profile, "profile name contains invalid character '/'", code=_CODE)
    if spec.security is not None:
        _check_security(spec.security, review)
    check_mesh_mtls(obj.get("spec") or {}, review)
    warn_of_values_without_effect(obj.get("spec") or {}, review)


def _check_security(security: Security, review: Review) -> None:
    if security.trust is not None:
        _check_trust_domain(security.trust.domain, "spec.security.trust.domain", review)
        for index, domain in enumerate(security.trust.additional_domains or ()):
            _check_trust_domain(domain, f"spec.security.trust.additionalDomains[{index}]", review)
    if security.control_plane is not None and security.control_plane.tls is not None:
        check_tls(security.control_plane.tls, "spec.security.controlPlane.tls", review)
    authority = security.certificate_authority
    if authority is None:
        return
    path = "spec.security.certificateAuthority"
    if authority.type not in (None, "Istiod"):
        review.unsupported(f"{path}.type", authority.type, ("Istiod",), code=_CODE)
    if authority.istiod is not None:
        _check_istiod(authority.istiod, f"{path}.istiod", review)


def _check_trust_domain(domain: str | None, path: str, review: Review) -> None:
    if domain is not None and not re.fullmatch(r"[a-z0-9._-]{1,255}", domain):
        why = "a trust domain consists of lower case letters, digits, dots, dashes and underscores (SPIFFE-ID 2.1)"
        review.invalid(path, domain, why, code=_CODE)


def _check_istiod(istiod: IstiodAuthority, path: str, review: Review) -> None:
    default, most = istiod.workload_cert_ttl_default, istiod.workload_cert_ttl_max
    if default and most and _span(default) > _span(most):
        review.invalid(f"{path}.workloadCertTTLDefault", default, f"is longer than workloadCertTTLMax {most}", code=_CODE)
    if istiod.self_signed is None:
        return
    percent, period = istiod.self_signed.grace_period, istiod.self_signed.check_period
    if percent is not None and not (percent.isdigit() and 0 < int(percent) < 100):
        review.invalid(f"{path}.selfSigned.gracePeriod", percent, "must be a whole number of percent, without a sign: 20", code=_CODE)
    if period is not None and parse_go_duration(period) is None:
        review.invalid(f"{path}.selfSigned.checkPeriod", period, "must be a duration: 1h, 30m", code=_CODE)


def _span(text: str) -> timedelta:
    return parse_go_duration(text) or timedelta()
