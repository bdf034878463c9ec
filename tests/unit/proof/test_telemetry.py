# ruff: noqa: E501 - lines are as Envoy prints them
from hauberk.proof.telemetry import Edge, Refusal, Scrape, edges_in, refusals_in

A, B = "spiffe://cluster.local/ns/x/sa/a", "spiffe://cluster.local/ns/x/sa/b"
TLS = 'tls_version="TLSv1.3",cipher="TLS_AES_128_GCM_SHA256"'
SERVER = f"""# TYPE envoy_cluster_upstream_rq counter
envoy_cluster_upstream_rq{{envoy_response_code="200"}} 77
# TYPE envoy_hauberk_inbound_connections_total counter
envoy_hauberk_inbound_connections_total{{port="9080",source_principal="{A}",destination_principal="{B}",{TLS},security_policy="mutual_tls"}} 2
envoy_hauberk_inbound_connections_total{{port="9081",source_principal="{A}",destination_principal="{B}",{TLS},security_policy="mutual_tls"}} 1
envoy_hauberk_inbound_connections_total{{port="9080",source_principal="-",destination_principal="-",tls_version="-",cipher="-",security_policy="none"}} 5
# TYPE envoy_hauberk_refused_connections_total counter
envoy_hauberk_refused_connections_total{{source="10.244.0.9",reason="filter_chain_not_found"}} 3
"""
CLIENT = f"""# TYPE envoy_hauberk_requests_total counter
envoy_hauberk_requests_total{{upstream_cluster="c",response_code="200",source_principal="{A}",destination_principal="{B}",{TLS}}} 40
envoy_hauberk_requests_total{{upstream_cluster="c",response_code="404",source_principal="{A}",destination_principal="{B}",{TLS}}} 2
envoy_hauberk_requests_total{{upstream_cluster="c",response_code="503",source_principal="-",destination_principal="-",tls_version="-",cipher="-"}} 9
"""
SCRAPES = [Scrape(B, SERVER), Scrape(A, CLIENT)]


def test_connections_are_the_servers_count_and_requests_the_clients() -> None:
    assert edges_in(SCRAPES) == [
        Edge("", B, "", "", 5, 0),
        Edge(A, B, "TLSv1.3", "TLS_AES_128_GCM_SHA256", 3, 42),
    ]


def test_only_an_edge_with_both_identities_is_mutual_tls() -> None:
    assert [edge.mutual_tls for edge in edges_in(SCRAPES)] == [False, True]


def test_plaintext_that_was_refused_is_told_by_address_and_reason() -> None:
    assert refusals_in(SCRAPES) == [Refusal(B, "10.244.0.9", "filter_chain_not_found", 3)]


def test_counters_at_zero_and_envoys_own_say_nothing() -> None:
    text = SERVER.replace("} 2\n", "} 0\n").replace("} 1\n", "} 0\n").replace("} 5\n", "} 0\n")
    assert edges_in([Scrape(B, text)]) == []


def test_where_the_server_reads_requests_its_own_count_is_the_edge() -> None:
    labels = f'port="80",source_principal="{A}",destination_principal="{B}",{TLS},security_policy="mutual_tls"'
    name = "envoy_hauberk_inbound_requests_total"
    text = f"""# TYPE {name} counter
{name}{{{labels},response_code="200"}} 41
{name}{{{labels},response_code="404"}} 2
"""
    assert edges_in([Scrape(B, text), Scrape(A, CLIENT)]) == [Edge(A, B, "TLSv1.3", "TLS_AES_128_GCM_SHA256", 0, 43)]
