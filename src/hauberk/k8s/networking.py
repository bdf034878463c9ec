"""Istio's networking.istio.io."""

from hauberk.k8s.checks import checked
from hauberk.k8s.columns import CRD_AGE, NAME, json_cell, text
from hauberk.k8s.istio.destination_rule import DestinationRuleSpec, check_destination_rule
from hauberk.k8s.istio.gateway import GatewaySpec, check_gateway
from hauberk.k8s.istio.service_entry import ServiceEntrySpec, check_service_entry
from hauberk.k8s.istio.sidecar import SidecarSpec, check_sidecar
from hauberk.k8s.istio.virtual_service import VirtualServiceSpec, check_virtual_service
from hauberk.k8s.kind import Kind

__all__ = ["DESTINATION_RULE", "GATEWAY", "KINDS", "SERVICE_ENTRY", "SIDECAR", "VIRTUAL_SERVICE"]

_CATEGORIES = ("istio-io", "networking-istio-io")

DESTINATION_RULE = checked(
    Kind(
        "networking.istio.io",
        "v1beta1",
        "DestinationRule",
        "destinationrules",
        short_names=("dr",),
        categories=_CATEGORIES,
        status=True,
        columns=(NAME, text("Host", "spec", "host", description="The host that it is about."), CRD_AGE),
        model=DestinationRuleSpec,
        also_versions=("v1", "v1alpha3"),
    ),
    check_destination_rule,
)
VIRTUAL_SERVICE = checked(
    Kind(
        "networking.istio.io",
        "v1beta1",
        "VirtualService",
        "virtualservices",
        short_names=("vs",),
        categories=_CATEGORIES,
        status=True,
        columns=(
            NAME,
            json_cell("Gateways", "spec", "gateways", description="Gateways at which it holds."),
            json_cell("Hosts", "spec", "hosts", description="Hosts that it is about."),
            CRD_AGE,
        ),
        model=VirtualServiceSpec,
        also_versions=("v1", "v1alpha3"),
    ),
    check_virtual_service,
)
GATEWAY = checked(
    Kind(
        "networking.istio.io",
        "v1beta1",
        "Gateway",
        "gateways",
        short_names=("gw",),
        categories=_CATEGORIES,
        status=True,
        columns=(NAME, CRD_AGE),
        model=GatewaySpec,
        also_versions=("v1", "v1alpha3"),
    ),
    check_gateway,
)

SERVICE_ENTRY = checked(
    Kind(
        "networking.istio.io",
        "v1beta1",
        "ServiceEntry",
        "serviceentries",
        short_names=("se",),
        categories=_CATEGORIES,
        status=True,
        columns=(
            NAME,
            json_cell("Hosts", "spec", "hosts", description="The hosts that it declares."),
            text("Location", "spec", "location", description="Inside the mesh or outside."),
            text("Resolution", "spec", "resolution", description="Where its connections go."),
            CRD_AGE,
        ),
        model=ServiceEntrySpec,
        also_versions=("v1", "v1alpha3"),
    ),
    check_service_entry,
)

SIDECAR = checked(
    Kind(
        "networking.istio.io",
        "v1beta1",
        "Sidecar",
        "sidecars",
        categories=_CATEGORIES,
        status=True,
        columns=(NAME, CRD_AGE),
        model=SidecarSpec,
        also_versions=("v1", "v1alpha3"),
    ),
    check_sidecar,
)

KINDS = (
    DESTINATION_RULE,
    VIRTUAL_SERVICE,
    GATEWAY,
    SERVICE_ENTRY,
    SIDECAR,
)
