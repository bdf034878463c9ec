from hauberk.envoy.inbound.http import inbound_http
from hauberk.envoy.messages import HttpFilter
from hauberk.envoy.telemetry import SecurityPolicy
from tests.unit.envoy.builders import as_dict


def test_requests_pass_the_filters_and_go_to_the_application_with_the_callers_name() -> None:
    manager = as_dict(inbound_http("inbound|80||", "80", SecurityPolicy.MUTUAL_TLS, [HttpFilter(name="first")]))["typed_config"]
    assert [entry["name"] for entry in manager["http_filters"]] == ["first", "envoy.filters.http.router"]
    (host,) = manager["route_config"]["virtual_hosts"]
    assert (host["name"], host["routes"]) == (
        "inbound|http|80",
        [{"name": "default", "match": {"prefix": "/"}, "route": {"cluster": "inbound|80||", "timeout": "0s"}}],
    )
    assert manager["forward_client_cert_details"] == "APPEND_FORWARD"
    assert manager["set_current_client_cert_details"] == {"subject": True, "dns": True, "uri": True}
    assert manager["normalize_path"] is True


def test_nothing_ends_a_request_but_its_client() -> None:
    manager = as_dict(inbound_http("c", "80", SecurityPolicy.NONE, []))["typed_config"]
    assert manager["stream_idle_timeout"] == "0s"
