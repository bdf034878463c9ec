"""All kinds that the API serves."""

from hauberk.k8s import apps, cluster_networking, core, discovery, maistra, networking, route, security
from hauberk.k8s.kind import Kind

__all__ = ["ALL_KINDS"]

ALL_KINDS: tuple[Kind, ...] = (
    *core.KINDS,
    *apps.KINDS,
    *discovery.KINDS,
    *cluster_networking.KINDS,
    *security.KINDS,
    *networking.KINDS,
    *maistra.KINDS,
    *route.KINDS,
)
