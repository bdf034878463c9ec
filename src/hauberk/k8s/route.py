"""OpenShift's route.openshift.io/v1."""

from hauberk.k8s.checks import checked
from hauberk.k8s.kind import Kind
from hauberk.k8s.openshift.routes import ROUTE_COLUMNS, RouteSpec, check_route, complete_route

__all__ = ["KINDS", "ROUTE"]

ROUTE = checked(
    Kind(
        "route.openshift.io",
        "v1",
        "Route",
        "routes",
        status=True,
        columns=ROUTE_COLUMNS,
        complete=complete_route,
        model=RouteSpec,
    ),
    check_route,
)

KINDS = (ROUTE,)
