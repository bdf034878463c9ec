"""Istio's security.istio.io."""

from hauberk.k8s.checks import checked
from hauberk.k8s.columns import CRD_AGE, NAME, text
from hauberk.k8s.istio.authorization_policy import AuthorizationPolicySpec, check_authorization_policy
from hauberk.k8s.istio.peer_authentication import PeerAuthenticationSpec, check_peer_authentication
from hauberk.k8s.kind import Kind

__all__ = ["AUTHORIZATION_POLICY", "KINDS", "PEER_AUTHENTICATION"]

PEER_AUTHENTICATION = checked(
    Kind(
        "security.istio.io",
        "v1beta1",
        "PeerAuthentication",
        "peerauthentications",
        short_names=("pa",),
        categories=("istio-io", "security-istio-io"),
        status=True,
        columns=(NAME, text("Mode", "spec", "mtls", "mode", description="Which connections its workloads accept."), CRD_AGE),
        model=PeerAuthenticationSpec,
        also_versions=("v1",),
    ),
    check_peer_authentication,
)

AUTHORIZATION_POLICY = checked(
    Kind(
        "security.istio.io",
        "v1beta1",
        "AuthorizationPolicy",
        "authorizationpolicies",
        short_names=("ap",),
        categories=("istio-io", "security-istio-io"),
        status=True,
        columns=(NAME, text("Action", "spec", "action", description="What becomes of what its rules match."), CRD_AGE),
        model=AuthorizationPolicySpec,
        also_versions=("v1",),
    ),
    check_authorization_policy,
)

KINDS = (PEER_AUTHENTICATION, AUTHORIZATION_POLICY)
