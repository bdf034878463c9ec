import pytest

from hauberk.controllers.mesh.membership import Mesh
from hauberk.controllers.smcp.parts import ControlPlane
from tests.unit.controllers.builders import make_smcp


@pytest.mark.parametrize(("version", "expected"), [("v2.0", (2, 0)), ("v2.5", (2, 5)), ("nonsense", (2, 5))])
def test_the_version_is_two_numbers(version: str, expected: tuple[int, int]) -> None:
    assert ControlPlane.of(make_smcp(version=version), "1").version == expected


def test_a_control_plane_reads_its_merged_spec() -> None:
    plane = ControlPlane.of(make_smcp(spec={"security": {"dataPlane": {"mtls": True}}}), "1")
    assert plane.mesh == Mesh("istio-system", "basic")
    assert str(plane.mesh) == "istio-system/basic"
    assert plane.says("security.dataPlane.mtls") is True
    assert plane.says("security.identity.type") == "Kubernetes"
    assert plane.says("security.nothing.here", "else") == "else"
