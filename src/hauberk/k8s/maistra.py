"""OpenShift Service Mesh's maistra.io (v2 and v1)."""

from hauberk.k8s.checks import checked
from hauberk.k8s.columns import CRD_AGE, NAME, condition_reason, json_cell, text
from hauberk.k8s.kind import Kind
from hauberk.k8s.openshift import members
from hauberk.k8s.openshift.control_plane import ControlPlaneSpec, check_control_plane, complete_control_plane

__all__ = ["KINDS", "SERVICE_MESH_CONTROL_PLANE", "SERVICE_MESH_MEMBER", "SERVICE_MESH_MEMBER_ROLL"]

_CATEGORIES = ("maistra-io",)

SERVICE_MESH_CONTROL_PLANE = checked(
    Kind(
        "maistra.io",
        "v2",
        "ServiceMeshControlPlane",
        "servicemeshcontrolplanes",
        short_names=("smcp",),
        categories=_CATEGORIES,
        status=True,
        columns=(
            NAME,
            text("Ready", "status", "annotations", "readyComponentCount", description="Components that are ready, of all."),
            condition_reason("Status", "Ready", description="Why the mesh is ready, or not."),
            json_cell("Profiles", "status", "appliedSpec", "profiles", description="Profiles in use."),
            text("Version", "status", "chartVersion", description="The version in use."),
            CRD_AGE,
            text("Image Registry", "status", "appliedSpec", "runtime", "defaults", "container", "registry", priority=1),
        ),
        complete=complete_control_plane,
        model=ControlPlaneSpec,
    ),
    check_control_plane,
)
SERVICE_MESH_MEMBER_ROLL = checked(
    Kind(
        "maistra.io",
        "v1",
        "ServiceMeshMemberRoll",
        "servicemeshmemberrolls",
        short_names=("smmr",),
        categories=_CATEGORIES,
        status=True,
        columns=(
            NAME,
            text("Ready", "status", "annotations", "configuredMemberCount", description="Namespaces that are configured, of all."),
            condition_reason("Status", "Ready", description="Why the roll is ready, or not."),
            CRD_AGE,
            json_cell("Members", "status", "members", priority=1, description="The namespaces."),
        ),
        complete=members.complete_member_roll,
        model=members.MemberRollSpec,
    ),
    members.check_member_roll,
)
SERVICE_MESH_MEMBER = checked(
    Kind(
        "maistra.io",
        "v1",
        "ServiceMeshMember",
        "servicemeshmembers",
        short_names=("smm",),
        categories=_CATEGORIES,
        status=True,
        columns=(
            NAME,
            text("Control Plane", "status", "annotations", "controlPlaneRef", description="The mesh, namespace/name."),
            condition_reason("Ready", "Ready", "status", description="Whether the namespace is part of it."),
            CRD_AGE,
        ),
        model=members.MemberSpec,
    ),
    members.check_member,
    update=members.check_member_update,
)

KINDS = (
    SERVICE_MESH_CONTROL_PLANE,
    SERVICE_MESH_MEMBER_ROLL,
    SERVICE_MESH_MEMBER,
)
