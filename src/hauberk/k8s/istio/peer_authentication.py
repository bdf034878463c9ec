"""PeerAuthentication: which connections a workload accepts. Implemented fully.

Source: istio/api security/v1beta1/peer_authentication.proto and its CustomResourceDefinition's rules.
"""

from typing import Annotated, Literal

from pydantic import Field

from hauberk.k8s.kind import Manifest
from hauberk.k8s.models import Part
from hauberk.k8s.review import Review

__all__ = ["PeerAuthenticationSpec", "check_peer_authentication"]


class MutualTls(Part):
    """The mode of a port or workload."""

    mode: Literal["UNSET", "DISABLE", "PERMISSIVE", "STRICT"] | None = None
    """DISABLE takes plaintext, PERMISSIVE both, STRICT only mutual TLS with a certificate of the mesh; UNSET inherits."""


class WorkloadSelector(Part):
    """The workloads that a policy is for."""

    match_labels: Annotated[dict[str, Annotated[str, Field(max_length=63)]], Field(max_length=4096)] | None = None
    """Labels that a pod must all have, in the policy's own namespace."""


class PeerAuthenticationSpec(Part):
    """How workloads accept connections from their peers."""

    selector: WorkloadSelector | None = None
    """The workloads meant; without it the whole namespace, in the root namespace the whole mesh."""
    mtls: MutualTls | None = None
    """The mode of all ports; without it the one of the namespace, then of the mesh, then PERMISSIVE."""
    port_level_mtls: Annotated[dict[str, MutualTls | None], Field(min_length=1)] | None = None
    """Modes of single ports, by the number that the workload listens on (not the Service's)."""


def check_peer_authentication(obj: Manifest, review: Review) -> None:
    """Check what spans fields: port levels need a selector, ports their range, selectors no wildcards."""
    spec = PeerAuthenticationSpec.model_validate(obj.get("spec") or {})
    labels = (spec.selector and spec.selector.match_labels) or {}
    if spec.port_level_mtls and not labels:
        fix = "A mesh/namespace peer authentication cannot have port level mTLS: add spec.selector.matchLabels, or take portLevelMtls out."
        review.add("HBK0101", "spec", "Invalid value: portLevelMtls requires selector", fix)
    for port in spec.port_level_mtls or ():
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            fix = f"Write a workload's port in range 1..65535 instead of {port}."
            review.add("HBK0004", "spec.portLevelMtls", "Invalid value: port must be between 1-65535", fix)
    if spec.selector is not None and not labels:
        review.warn("HBK0103", "spec.selector", "it has no labels and is as good as none.", "Add matchLabels, or take it out.")
    _check_selector(labels, review)


def _check_selector(labels: dict[str, str], review: Review) -> None:
    """Labels are matched to the letter: wildcards in them would never match."""
    path, fix = "spec.selector.matchLabels", "Write labels as pods have them."
    for key, value in labels.items():
        if "*" in key:
            review.add("HBK0102", path, "Invalid value: wildcard not allowed in label key match", fix)
        if not key:
            review.add("HBK0102", path, "Invalid value: key must not be empty", fix)
        if "*" in value:
            review.add("HBK0102", f"{path}.{key}", "Invalid value: wildcard not allowed in label value match", fix)
