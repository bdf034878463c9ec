import pytest

from hauberk.controllers.smcp.profiles import ProfileUnknown, applied_spec


def test_the_default_profile_brings_the_base() -> None:
    spec = applied_spec({"version": "v2.1"})
    assert spec["profiles"] == ["default"]
    assert spec["version"] == "v2.1"
    assert spec["tracing"] == {"type": "Jaeger"}
    assert spec["gateways"]["egress"] == {"enabled": True}
    assert spec["proxy"]["injection"] == {"autoInject": False}


def test_the_users_values_win_and_maps_are_merged() -> None:
    spec = applied_spec({"addons": {"grafana": {"enabled": False}}, "gateways": {"ingress": {"service": {"type": "NodePort"}}}})
    assert spec["addons"]["grafana"] == {"enabled": False}
    assert spec["addons"]["kiali"] == {"enabled": True}
    assert spec["gateways"]["ingress"] == {"enabled": True, "service": {"type": "NodePort"}}


def test_the_newest_version_is_the_default() -> None:
    assert applied_spec({})["version"] == "v2.5"


def test_among_profiles_the_first_wins() -> None:
    assert applied_spec({"profiles": ["gateway-controller", "default"]})["tracing"] == {"type": "None"}
    assert applied_spec({"profiles": ["default", "gateway-controller"]})["tracing"] == {"type": "Jaeger"}


def test_merging_changes_no_profile() -> None:
    applied_spec({})["gateways"]["egress"]["enabled"] = False
    assert applied_spec({})["gateways"]["egress"]["enabled"] is True


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a/b", "profile name contains invalid character '/'"),
        ("none", "profile none does not exist; there are: base, default, gateway-controller, maistra, servicemesh, small"),
    ],
)
def test_unknown_profiles_are_refused(name: str, message: str) -> None:
    with pytest.raises(ProfileUnknown, match=message):
        applied_spec({"profiles": [name]})
