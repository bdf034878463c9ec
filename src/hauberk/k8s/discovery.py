"""Group discovery.k8s.io/v1."""

from hauberk.k8s.builtin import objects
from hauberk.k8s.checks import checked
from hauberk.k8s.kind import Kind

__all__ = ["ENDPOINT_SLICE", "KINDS"]

ENDPOINT_SLICE = checked(
    Kind(
        "discovery.k8s.io",
        "v1",
        "EndpointSlice",
        "endpointslices",
        strategic=True,
        columns=objects.ENDPOINT_SLICE_COLUMNS,
        complete=objects.complete_endpoint_slice,
    ),
    objects.check_endpoint_slice,
    update=objects.check_endpoint_slice_update,
)

KINDS = (ENDPOINT_SLICE,)
