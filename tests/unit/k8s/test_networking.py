from datetime import UTC, datetime

import pytest

from hauberk.k8s.kind import Kind
from hauberk.k8s.networking import DESTINATION_RULE, GATEWAY, KINDS, VIRTUAL_SERVICE

NOW = datetime(2025, 11, 25, 12, tzinfo=UTC)
META = {"metadata": {"name": "x", "creationTimestamp": "2025-11-25T11:59:00Z"}}


@pytest.mark.parametrize(
    ("kind", "spec", "row"),
    [
        (DESTINATION_RULE, {"host": "reviews"}, {"Name": "x", "Host": "reviews", "Age": "60s"}),
        (VIRTUAL_SERVICE, {"hosts": ["*"], "gateways": ["g"]}, {"Name": "x", "Gateways": '["g"]', "Hosts": '["*"]', "Age": "60s"}),
        (VIRTUAL_SERVICE, {"hosts": ["a"]}, {"Name": "x", "Gateways": None, "Hosts": '["a"]', "Age": "60s"}),
        (GATEWAY, {}, {"Name": "x", "Age": "60s"}),
    ],
)
def test_rows_as_istios_crds_print_them(kind: Kind, spec: dict[str, object], row: dict[str, str | None]) -> None:
    assert {column.name: column.value(META | {"spec": spec}, NOW) for column in kind.columns} == row


def test_all_are_served_in_istios_three_versions() -> None:
    assert {(kind.version, *kind.also_versions) for kind in KINDS} == {("v1beta1", "v1", "v1alpha3")}
