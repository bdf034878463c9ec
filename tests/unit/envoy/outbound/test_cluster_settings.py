"""Settings on a cluster; the whole is tests/golden/cases/client-policies."""

from datetime import timedelta

import pytest

from hauberk.envoy import messages as m
from hauberk.envoy.outbound.cluster_settings import apply_settings
from hauberk.model.connections import ConnectionPool, ConnectionSettings, LoadBalancer, OutlierDetection
from tests.unit.envoy.builders import as_dict


@pytest.mark.parametrize(
    ("simple", "policy"),
    [("RANDOM", "RANDOM"), ("LEAST_CONN", "LEAST_REQUEST"), ("ROUND_ROBIN", "ROUND_ROBIN"), ("PASSTHROUGH", "LEAST_REQUEST")],
)
def test_balancers(simple: str, policy: str) -> None:
    cluster = m.Cluster(name="c", type=m.Cluster.EDS, lb_policy=m.Cluster.LEAST_REQUEST)
    apply_settings(cluster, ConnectionSettings(LoadBalancer(simple)))
    assert m.Cluster.LbPolicy.Name(cluster.lb_policy) == policy


def test_where_the_client_chooses_the_address_nothing_is_balanced() -> None:
    cluster = m.Cluster(name="c", type=m.Cluster.ORIGINAL_DST, lb_policy=m.Cluster.CLUSTER_PROVIDED)
    apply_settings(cluster, ConnectionSettings(LoadBalancer("RANDOM")))
    assert as_dict(cluster)["lb_policy"] == "CLUSTER_PROVIDED"


@pytest.mark.parametrize(("errors", "enforced"), [(None, 100), (3, 100), (0, 0)])
def test_only_what_is_asked_for_ejects(errors: int | None, enforced: int) -> None:
    cluster = m.Cluster(name="c")
    apply_settings(cluster, ConnectionSettings(outlier=OutlierDetection(errors)))
    built = cluster.outlier_detection
    assert (built.enforcing_success_rate.value, built.enforcing_consecutive_5xx.value) == (0, enforced)


def test_keepalives_that_never_come_are_as_rare_as_envoy_can_say() -> None:
    cluster = m.Cluster(name="c")
    cluster.circuit_breakers.thresholds.add()
    apply_settings(cluster, ConnectionSettings(pool=ConnectionPool(keepalive_time=timedelta(seconds=2**40))))
    assert cluster.upstream_connection_options.tcp_keepalive.keepalive_time.value == 2**32 - 1
