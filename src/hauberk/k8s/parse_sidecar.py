"""Sidecar manifests -> model."""

from hauberk.k8s.fields import created_of, items, label_pairs, mapping, strings, text
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.model.mesh import OutboundPolicy
from hauberk.model.sidecar import EgressHost, Sidecar

__all__ = ["parse_sidecar"]


def parse_sidecar(manifest: Manifest) -> Sidecar:
    """The Sidecar, its hosts' namespaces resolved.

    Raises: ConfigError.
    """
    spec, namespace = mapping(manifest, "spec"), namespace_of(manifest)
    hosts = [host for listener in items(spec, "egress") for host in strings(listener, "hosts")]
    return Sidecar(
        namespace=namespace,
        name=name_of(manifest),
        selector=label_pairs(spec, "workloadSelector", "labels"),
        egress=tuple(_egress(host, namespace) for host in hosts) if spec.get("egress") else None,
        outbound_policy=_outbound(spec),
        created=created_of(manifest),
    )


def _egress(written: str, own: str) -> EgressHost:
    namespace, _, host = written.partition("/")
    return EgressHost(own if namespace == "." else namespace, host)


def _outbound(spec: Manifest) -> OutboundPolicy | None:
    if spec.get("outboundTrafficPolicy") is None:
        return None
    # REGISTRY_ONLY is the enumeration's zero, so that a policy that names no mode refuses (Istio's sidecar.proto).
    mode = text(mapping(spec, "outboundTrafficPolicy"), "mode")
    return OutboundPolicy.ALLOW_ANY if mode == OutboundPolicy.ALLOW_ANY else OutboundPolicy.REGISTRY_ONLY
