"""Mesh settings."""

from hauberk.model.objects import ObjectRef
from tests.unit.model.builders import make_settings


def test_a_mesh_sees_its_members_and_its_root_namespace() -> None:
    settings = make_settings("bookinfo")
    assert [settings.sees(namespace) for namespace in ("bookinfo", "istio-system", "outside")] == [True, True, False]


def test_a_mesh_is_its_control_plane() -> None:
    assert make_settings().ref == ObjectRef("ServiceMeshControlPlane", "istio-system", "basic")
