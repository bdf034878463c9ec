"""Clusters that connect where the client had asked to go: passthrough, headless TCP, and the application beside the sidecar."""

from datetime import timedelta

from hauberk.envoy import messages as m

__all__ = ["CONNECT_TIMEOUT", "original_destination_cluster"]

CONNECT_TIMEOUT = timedelta(seconds=10)
"""Istio's, of every cluster."""


def original_destination_cluster(name: str) -> m.Cluster:
    """A cluster without endpoints: its hosts are the original destinations of the connections."""
    cluster = m.Cluster(name=name, type=m.Cluster.ORIGINAL_DST, lb_policy=m.Cluster.CLUSTER_PROVIDED)
    cluster.connect_timeout.CopyFrom(m.duration(CONNECT_TIMEOUT))
    return cluster
