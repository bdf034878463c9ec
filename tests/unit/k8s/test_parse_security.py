"""PeerAuthentications."""

from typing import Any

import pytest

from hauberk.errors import ConfigError
from hauberk.k8s.parse_security import parse_peer_authentication
from hauberk.model.security import MtlsMode, PeerAuthentication


def parse(spec: dict[str, Any] | None) -> PeerAuthentication:
    return parse_peer_authentication({"metadata": {"name": "default", "namespace": "n"}, "spec": spec})


@pytest.mark.parametrize("mode", MtlsMode)
def test_each_mode(mode: MtlsMode) -> None:
    assert parse({"mtls": {"mode": mode.value}}).mode is mode


@pytest.mark.parametrize("spec", [None, {}, {"mtls": None}, {"mtls": {}}, {"mtls": {"mode": ""}}])
def test_an_absent_mode_is_unset(spec: dict[str, Any] | None) -> None:
    assert parse(spec) == PeerAuthentication("n", "default")


@pytest.mark.parametrize("selector", [{}, {"matchLabels": {}}, None])
def test_an_empty_selector_is_none(selector: dict[str, Any] | None) -> None:
    assert parse({"selector": selector}).selector == {}


def test_ports_are_keyed_by_number_also_as_json_writes_them() -> None:
    policy = parse({"selector": {"matchLabels": {"app": "a"}}, "portLevelMtls": {"9080": {"mode": "DISABLE"}, 80: None, "81": {}}})
    assert policy.selector == {"app": "a"}
    assert policy.port_modes == {9080: MtlsMode.DISABLE, 80: MtlsMode.UNSET, 81: MtlsMode.UNSET}


def test_an_unknown_mode_is_refused_where_it_stands() -> None:
    with pytest.raises(ConfigError, match=r'spec\.portLevelMtls\[80\]\.mode: "LOOSE" is no mode'):
        parse({"portLevelMtls": {"80": {"mode": "LOOSE"}}})
