from datetime import UTC, datetime

from hauberk.k8s.kind import Kind, Manifest
from hauberk.k8s.maistra import SERVICE_MESH_CONTROL_PLANE, SERVICE_MESH_MEMBER, SERVICE_MESH_MEMBER_ROLL

NOW = datetime(2025, 11, 25, 12, tzinfo=UTC)
READY = [{"type": "Ready", "status": "True", "reason": "ComponentsReady"}]


def row(kind: Kind, status: Manifest) -> dict[str, str | int | None]:
    obj = {"metadata": {"name": "red-mesh", "creationTimestamp": "2025-11-25T11:55:35Z"}, "status": status}
    return {column.name + ("*" if column.priority else ""): column.value(obj, NOW) for column in kind.columns}


def test_a_control_plane_as_the_documentation_shows_it() -> None:
    status = {
        "annotations": {"readyComponentCount": "10/10"},
        "conditions": READY,
        "appliedSpec": {"profiles": ["default"]},
        "chartVersion": "2.1.0",
    }
    assert row(SERVICE_MESH_CONTROL_PLANE, status) == {
        "Name": "red-mesh",
        "Ready": "10/10",
        "Status": "ComponentsReady",
        "Profiles": '["default"]',
        "Version": "2.1.0",
        "Age": "4m25s",
        "Image Registry*": None,
    }


def test_a_member_roll_and_a_member() -> None:
    status = {"annotations": {"configuredMemberCount": "1/1", "controlPlaneRef": "istio-system/basic"}, "conditions": READY}
    assert row(SERVICE_MESH_MEMBER_ROLL, status | {"members": ["bookinfo"]}) == {
        "Name": "red-mesh",
        "Ready": "1/1",
        "Status": "ComponentsReady",
        "Age": "4m25s",
        "Members*": '["bookinfo"]',
    }
    assert row(SERVICE_MESH_MEMBER, status) == {
        "Name": "red-mesh",
        "Control Plane": "istio-system/basic",
        "Ready": "True",
        "Age": "4m25s",
    }


def test_what_is_new_has_nothing_to_show() -> None:
    assert list(row(SERVICE_MESH_CONTROL_PLANE, {}).values()) == ["red-mesh", None, None, None, None, "4m25s", None]
