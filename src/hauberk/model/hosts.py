"""Host names as they are written in an object, and what they mean.

Source: Istio model/config.go `ResolveShortnameToFQDN`.
"""

from hauberk import names

__all__ = ["resolve_host"]


def resolve_host(host: str, namespace: str) -> str:
    """The fully qualified form of a host that is written in an object of `namespace`.

    Only a name without dots is short: `reviews.bookinfo` and `jaeger-collector.ns.svc` stay as they are (Istio's rule, which
    surprises: they then equal no Service's hostname).
    """
    if "." in host or "*" in host:
        return host
    return f"{host}.{namespace}.svc.{names.CLUSTER_DOMAIN}"
