"""Group networking.k8s.io/v1."""

from hauberk.k8s.builtin.network_policy import NETWORK_POLICY_COLUMNS, check_network_policy, complete_network_policy
from hauberk.k8s.checks import checked
from hauberk.k8s.kind import Kind

__all__ = ["KINDS", "NETWORK_POLICY"]

NETWORK_POLICY = checked(
    Kind(
        "networking.k8s.io",
        "v1",
        "NetworkPolicy",
        "networkpolicies",
        short_names=("netpol",),
        strategic=True,
        columns=NETWORK_POLICY_COLUMNS,
        complete=complete_network_policy,
    ),
    check_network_policy,
)

KINDS = (NETWORK_POLICY,)
