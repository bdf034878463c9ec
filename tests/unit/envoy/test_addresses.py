"""Addresses and sources."""

from hauberk.envoy.addresses import ads_source, application_bind, mark_option, pipe_address, socket_address
from tests.unit.envoy.builders import as_dict


def test_addresses() -> None:
    assert as_dict(socket_address("10.0.0.1", 80)) == {"socket_address": {"address": "10.0.0.1", "port_value": 80}}
    assert as_dict(pipe_address("/x")) == {"pipe": {"path": "/x"}}


def test_the_mark_is_1337_by_so_mark_before_connecting() -> None:
    assert as_dict(mark_option()) == {"description": "SO_MARK", "level": "1", "name": "36", "int_value": "1337"}


def test_connections_to_the_application_carry_the_mark_too() -> None:
    assert as_dict(application_bind()) == {
        "source_address": {"address": "127.0.0.6", "port_value": 0},
        "socket_options": [as_dict(mark_option())],
    }


def test_discovery_is_waited_for_as_long_as_it_takes() -> None:
    assert as_dict(ads_source()) == {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
