import pytest

from hauberk.controllers.smcp.parts import ControlPlane
from hauberk.controllers.smcp.validity import spec_objection
from hauberk.k8s.kind import Manifest
from tests.unit.controllers.builders import make_smcp


@pytest.mark.parametrize(
    ("addons", "valid"),
    [
        ({}, True),
        ({"prometheus": {"enabled": False}}, False),
        ({"prometheus": {"enabled": False}, "kiali": {"enabled": False}}, True),
        ({"prometheus": {"enabled": False}, "kiali": {"name": "mine"}}, True),
    ],
)
def test_kiali_needs_prometheus_unless_it_is_there_already(addons: Manifest, valid: bool) -> None:
    message = (
        ".spec.addons.prometheus.enabled must be true when .spec.addons.kiali.enabled is true and spec.addons.kiali.name is not specified"
    )
    assert spec_objection(ControlPlane.of(make_smcp(spec={"addons": addons}), "1")) == (None if valid else message)
