"""Group apps/v1."""

from hauberk.k8s.builtin import workload
from hauberk.k8s.checks import checked
from hauberk.k8s.kind import Kind

__all__ = ["DEPLOYMENT", "KINDS", "REPLICA_SET"]

DEPLOYMENT = checked(
    Kind(
        "apps",
        "v1",
        "Deployment",
        "deployments",
        short_names=("deploy",),
        categories=("all",),
        status=True,
        strategic=True,
        columns=workload.DEPLOYMENT_COLUMNS,
        complete=workload.complete_deployment,
    ),
    workload.check_deployment,
    update=workload.check_selector_update,
)
REPLICA_SET = checked(
    Kind(
        "apps",
        "v1",
        "ReplicaSet",
        "replicasets",
        short_names=("rs",),
        categories=("all",),
        status=True,
        strategic=True,
        columns=workload.REPLICA_SET_COLUMNS,
        complete=workload.complete_replica_set,
    ),
    workload.check_replica_set,
    update=workload.check_selector_update,
)

KINDS = (
    DEPLOYMENT,
    REPLICA_SET,
)
