"""What Envoy is told to count."""

from typing import Any

from hauberk.envoy.telemetry import (
    SecurityPolicy,
    failed_requests_log,
    inbound_http_logs,
    inbound_logs,
    outbound_http_log,
    outbound_tcp_log,
    refused_log,
)
from tests.unit.envoy.builders import as_dict


def counters(log: Any) -> dict[str, list[str]]:
    """Tag names by counter."""
    config = as_dict(log)["typed_config"]
    assert config["stat_prefix"] == "hauberk"
    return {counter["stat"]["name"]: [tag["name"] for tag in counter["stat"]["tags"]] for counter in config["counters"]}


IDENTITIES = ["source_principal", "destination_principal", "tls_version", "cipher"]


def test_inbound_connections_are_counted_once_connected_and_their_bytes_at_the_end() -> None:
    connected, ended = inbound_logs("9080", SecurityPolicy.MUTUAL_TLS)
    tags = ["port", *IDENTITIES, "security_policy"]
    assert counters(connected) == {"inbound_connections_total": tags}
    assert counters(ended) == {"inbound_received_bytes_total": tags, "inbound_sent_bytes_total": tags}
    assert as_dict(connected)["filter"] == {"log_type_filter": {"types": ["TcpUpstreamConnected"]}}
    assert as_dict(ended)["filter"] == {"log_type_filter": {"types": ["TcpConnectionEnd"]}}


def test_port_and_policy_are_fixed_texts() -> None:
    stat = as_dict(inbound_logs("other", SecurityPolicy.NONE)[0])["typed_config"]["counters"][0]["stat"]
    tags = {tag["name"]: tag["value_format"] for tag in stat["tags"]}
    assert (tags["port"], tags["security_policy"]) == ("other", "none")
    assert tags["source_principal"] == "%DOWNSTREAM_PEER_URI_SAN%"


def test_no_label_is_a_text_that_a_client_makes_up() -> None:
    """What bounds the number of counters: a certificate that was verified, configuration, or a word of Envoy's own."""
    policy = SecurityPolicy.MUTUAL_TLS
    logs = [*inbound_logs("80", policy), inbound_http_logs("80", policy)[0], outbound_http_log(), outbound_tcp_log(), refused_log()]
    stats = [counter["stat"] for log in logs for counter in as_dict(log)["typed_config"]["counters"]]
    written = {tag["value_format"] for stat in stats for tag in stat["tags"]}
    ends = {
        f"%{end}_{word}%" for end in ("DOWNSTREAM", "UPSTREAM") for word in ("PEER_URI_SAN", "LOCAL_URI_SAN", "TLS_VERSION", "TLS_CIPHER")
    }
    words = {"%RESPONSE_CODE%", "%RESPONSE_FLAGS%", "%RESPONSE_CODE_DETAILS%", "%UPSTREAM_TRANSPORT_FAILURE_REASON%"}
    assert written == ends | words | {"%UPSTREAM_CLUSTER_RAW%", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "80", "mutual_tls"}


def test_what_no_chain_takes_is_counted_by_source_and_reason() -> None:
    assert counters(refused_log()) == {"refused_connections_total": ["source", "reason"]}
    assert as_dict(refused_log())["filter"] == {"response_flag_filter": {"flags": ["NR"]}}


def test_clients_count_by_what_the_server_proved() -> None:
    assert counters(outbound_http_log()) == {
        "requests_total": ["upstream_cluster", *IDENTITIES, "response_code", "response_flags", "failure"]
    }
    assert counters(outbound_tcp_log()) == {"outbound_connections_total": ["upstream_cluster", *IDENTITIES]}


def test_only_requests_that_failed_are_written_with_what_the_upstreams_tls_said() -> None:
    log = as_dict(failed_requests_log())
    assert log["filter"] == {"response_flag_filter": {}}
    assert 'tls="%UPSTREAM_TRANSPORT_FAILURE_REASON%"' in log["typed_config"]["log_format"]["text_format_source"]["inline_string"]


def test_only_clients_without_an_identity_are_told_by_address() -> None:
    for policy in SecurityPolicy:
        (tags,) = counters(inbound_logs("80", policy)[0]).values()
        (asked,) = counters(inbound_http_logs("80", policy)[0]).values()
        assert ("source" in tags, "source" in asked) == (policy is not SecurityPolicy.MUTUAL_TLS,) * 2
        assert all("source" not in tags for tags in counters(inbound_logs("80", policy)[1]).values())
