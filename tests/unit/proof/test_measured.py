# ruff: noqa: E501 - lines are as Envoy prints them
from datetime import UTC, datetime

from hauberk.model.measurement import Handshakes, Inbound, Measured, Outbound, PodKey, Refused
from hauberk.proof.measured import measured_in, parse_sample
from hauberk.proof.windows import Window

NOW = datetime(2026, 1, 1, tzinfo=UTC)
A, B = "spiffe://cluster.local/ns/x/sa/a", "spiffe://cluster.local/ns/x/sa/b"
TLS = 'tls_version="TLSv1.3",cipher="TLS_AES_128_GCM_SHA256"'
POD: PodKey = ("x", "pod-1")
HOST = "details.book-info.svc.cluster.local"


def measured(text: str) -> Measured:
    window = Window()
    window.take(parse_sample(text), NOW, from_zero=True)
    return measured_in({POD: window.since(datetime.min.replace(tzinfo=UTC))}, hosts=[HOST], at=NOW)


def test_a_server_tells_connections_by_identity_and_plaintext_by_address() -> None:
    name = "envoy_hauberk_inbound_connections_total"
    text = f"""# TYPE {name} counter
{name}{{port="9080",source_principal="{A}",destination_principal="{B}",{TLS},security_policy="mutual_tls"}} 2
{name}{{port="9080",source_principal="-",destination_principal="-",tls_version="-",cipher="-",security_policy="none",source="10.244.0.9"}} 5
"""
    plain, mutual = measured(text).inbound
    assert plain == Inbound(POD, "9080", "none", "", "", "", "", "10.244.0.9", 5, 0, NOW)
    assert mutual == Inbound(POD, "9080", "mutual_tls", A, B, "TLSv1.3", "TLS_AES_128_GCM_SHA256", "", 2, 0, NOW)


def test_requests_that_a_server_reads_are_its_own_kind() -> None:
    name = "envoy_hauberk_inbound_requests_total"
    labels = f'port="80",source_principal="{A}",destination_principal="{B}",{TLS},security_policy="mutual_tls",response_code="200",response_flags="-"'
    (found,) = measured(f"# TYPE {name} counter\n{name}{{{labels}}} 9\n").inbound
    assert (found.connections, found.requests) == (0, 9)


def test_refused_plaintext_is_told_by_address_and_reason() -> None:
    name = "envoy_hauberk_refused_connections_total"
    text = f'# TYPE {name} counter\n{name}{{source="10.244.0.9",reason="filter_chain_not_found"}} 3\n'
    assert measured(text).refused == (Refused(POD, "10.244.0.9", "filter_chain_not_found", 3, NOW),)


def test_a_client_tells_the_port_and_host_that_it_called() -> None:
    name = "envoy_hauberk_requests_total"
    ids = f'source_principal="{A}",destination_principal="{B}",{TLS}'
    text = f'# TYPE {name} counter\n{name}{{upstream_cluster="outbound|9080|v1|{HOST}",{ids},response_code="200",response_flags="-",failure=""}} 40\n'
    assert measured(text).outbound == (Outbound(POD, HOST, 9080, A, B, "TLSv1.3", "TLS_AES_128_GCM_SHA256", "", 40, 0, NOW),)


def test_a_failure_is_told_in_envoys_words_else_by_its_flag() -> None:
    name, none = "envoy_hauberk_requests_total", 'source_principal="-",destination_principal="-",tls_version="-",cipher="-"'
    text = f"""# TYPE {name} counter
{name}{{upstream_cluster="outbound|9080||{HOST}",{none},response_code="503",response_flags="UF",failure="TLS_error:_wrong_version"}} 1
{name}{{upstream_cluster="outbound|9080||{HOST}",{none},response_code="503",response_flags="UC",failure="-"}} 2
"""
    assert {one.failure: one.requests for one in measured(text).outbound} == {
        "TLS_error:_wrong_version": 1,
        "the server closed the connection": 2,
    }


def test_key_exchange_groups_are_found_though_envoy_cuts_the_clusters_name() -> None:
    name = "envoy_cluster_book_info_svc_cluster_local_ssl_curves"
    text = f'# TYPE {name} counter\n{name}{{envoy_ssl_curve="X25519MLKEM768",envoy_cluster_name="outbound|9080||details"}} 2\n'
    assert measured(text).handshakes == (Handshakes(POD, HOST, 9080, "X25519MLKEM768", 2),)


def test_what_is_no_traffic_of_the_mesh_is_left_out() -> None:
    text = """# TYPE envoy_cluster_ssl_curves counter
envoy_cluster_ssl_curves{envoy_ssl_curve="X25519MLKEM768",envoy_cluster_name="xds-grpc"} 1
# TYPE envoy_listener_ssl_curves counter
envoy_listener_ssl_curves{envoy_ssl_curve="X25519MLKEM768",envoy_listener_address="0.0.0.0_15006"} 1
# TYPE envoy_hauberk_requests_total counter
envoy_hauberk_requests_total{upstream_cluster="",response_code="404",response_flags="NR"} 1
"""
    found = measured(text)
    assert (found.inbound, found.outbound, found.handshakes, found.asked) == ((), (), (), frozenset({POD}))
