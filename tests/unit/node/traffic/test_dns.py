"""cluster.local, asked in wire format."""

from typing import Any

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.node.traffic.dns import Zone, answer, build_zone, search_domains


def make_service(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def make_slice(service: str, *endpoints: dict[str, Any], **ports: int) -> dict[str, Any]:
    return {
        "metadata": {"name": f"{service}-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": service}},
        "ports": [{"name": name, "port": number} for name, number in ports.items()],
        "endpoints": list(endpoints),
    }


def endpoint(address: str, **more: Any) -> dict[str, Any]:
    return {"addresses": [address], **more}


WEB = make_service("web", clusterIP="10.96.1.1", ports=[{"name": "http", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}])
DB = make_service("db", clusterIP="None")
DB_SLICE = make_slice(
    "db", endpoint("10.244.0.5", hostname="db-0"), endpoint("10.244.0.6"), endpoint("10.244.0.7", conditions={"ready": False}), sql=5432
)
ZONE = build_zone([WEB, DB, make_service("ext", type="ExternalName", externalName="web.shop.svc.cluster.local.")], [DB_SLICE])


def ask(name: str, kind: str = "A", zone: Zone = ZONE, **options: Any) -> dns.message.Message:
    query = dns.message.make_query(name, kind, **options)
    data = answer(zone, query.to_wire(), udp=True)
    assert data is not None
    response = dns.message.from_wire(data)
    assert query.is_response(response)
    return response


def records(response: dns.message.Message) -> list[str]:
    return sorted(line for rrset in response.answer for line in rrset.to_text().splitlines())


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("web.shop.svc.cluster.local", "A", ["web.shop.svc.cluster.local. 5 IN A 10.96.1.1"]),
        ("WEB.Shop.svc.cluster.local", "A", ["WEB.Shop.svc.cluster.local. 5 IN A 10.96.1.1"]),
        (
            "db.shop.svc.cluster.local",
            "A",
            ["db.shop.svc.cluster.local. 5 IN A 10.244.0.5", "db.shop.svc.cluster.local. 5 IN A 10.244.0.6"],
        ),
        ("db-0.db.shop.svc.cluster.local", "A", ["db-0.db.shop.svc.cluster.local. 5 IN A 10.244.0.5"]),
        ("10-244-0-6.db.shop.svc.cluster.local", "A", ["10-244-0-6.db.shop.svc.cluster.local. 5 IN A 10.244.0.6"]),
        (
            "_http._tcp.web.shop.svc.cluster.local",
            "SRV",
            ["_http._tcp.web.shop.svc.cluster.local. 5 IN SRV 0 100 80 web.shop.svc.cluster.local."],
        ),
        (
            "_sql._tcp.db.shop.svc.cluster.local",
            "SRV",
            [
                "_sql._tcp.db.shop.svc.cluster.local. 5 IN SRV 0 50 5432 10-244-0-6.db.shop.svc.cluster.local.",
                "_sql._tcp.db.shop.svc.cluster.local. 5 IN SRV 0 50 5432 db-0.db.shop.svc.cluster.local.",
            ],
        ),
        ("1.1.96.10.in-addr.arpa", "PTR", ["1.1.96.10.in-addr.arpa. 5 IN PTR web.shop.svc.cluster.local."]),
        ("5.0.244.10.in-addr.arpa", "PTR", ["5.0.244.10.in-addr.arpa. 5 IN PTR db-0.db.shop.svc.cluster.local."]),
        (
            "ext.shop.svc.cluster.local",
            "A",
            ["ext.shop.svc.cluster.local. 5 IN CNAME web.shop.svc.cluster.local.", "web.shop.svc.cluster.local. 5 IN A 10.96.1.1"],
        ),
    ],
)
def test_names_that_exist(name: str, kind: str, found: list[str]) -> None:
    response = ask(name, kind)
    assert (response.rcode(), records(response)) == (dns.rcode.NOERROR, found)
    assert response.flags & dns.flags.AA


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("none.shop.svc.cluster.local", "A", dns.rcode.NXDOMAIN),
        ("9.1.96.10.in-addr.arpa", "PTR", dns.rcode.NXDOMAIN),
        ("web.shop.svc.cluster.local", "AAAA", dns.rcode.NOERROR),
        ("shop.svc.cluster.local", "A", dns.rcode.NOERROR),
        ("cluster.local", "A", dns.rcode.NOERROR),
        ("_tcp.web.shop.svc.cluster.local", "SRV", dns.rcode.NOERROR),
    ],
)
def test_what_does_not_exist_is_told_with_the_zones_soa(name: str, kind: str, code: int) -> None:
    response = ask(name, kind)
    assert (response.rcode(), records(response), len(response.authority)) == (code, [], 1)
    assert response.authority[0].ttl == 5


@pytest.mark.parametrize("name", ["example.com", "1.1.168.192.in-addr.arpa", "local", "notcluster.local"])
def test_other_domains_are_refused(name: str) -> None:
    response = ask(name)
    assert (response.rcode(), records(response)) == (dns.rcode.REFUSED, [])


def test_a_headless_service_without_endpoints_exists() -> None:
    response = ask("db.shop.svc.cluster.local", zone=build_zone([DB], []))
    assert (response.rcode(), records(response)) == (dns.rcode.NOERROR, [])


def test_unready_endpoints_are_published_on_wish() -> None:
    response = ask(
        "db.shop.svc.cluster.local", zone=build_zone([make_service("db", clusterIP="None", publishNotReadyAddresses=True)], [DB_SLICE])
    )
    assert len(records(response)) == 3


def test_an_answer_that_does_not_fit_udp_is_truncated_and_whole_over_tcp() -> None:
    many = make_slice("db", *(endpoint(f"10.244.{index}.1") for index in range(100)), sql=1)
    zone = build_zone([DB], [many])
    response = ask("db.shop.svc.cluster.local", zone=zone)
    assert response.flags & dns.flags.TC
    assert records(response) == []
    assert len(records(ask("db.shop.svc.cluster.local", zone=zone, use_edns=0, payload=4096))) == 100
    data = answer(zone, dns.message.make_query("db.shop.svc.cluster.local", "A").to_wire(), udp=False)
    assert data is not None
    assert len(records(dns.message.from_wire(data))) == 100


def test_other_opcodes_are_not_implemented() -> None:
    query = dns.message.make_query("web.shop.svc.cluster.local", "A")
    query.set_opcode(dns.opcode.STATUS)
    data = answer(ZONE, query.to_wire(), udp=True)
    assert data is not None
    assert dns.message.from_wire(data).rcode() == dns.rcode.NOTIMP


def test_answers_are_not_answered() -> None:
    response = ask("web.shop.svc.cluster.local")
    assert answer(ZONE, response.to_wire(), udp=True) is None


def test_garbage_with_a_header_is_a_format_error() -> None:
    data = answer(ZONE, b"\x12\x34" + b"\x00" * 9 + b"\x09" + b"\xff", udp=True)
    assert data is None or dns.message.from_wire(data).id == 0x1234


@given(st.binary(max_size=64), st.booleans())
def test_no_query_ever_breaks_the_server(query: bytes, udp: bool) -> None:
    data = answer(ZONE, query, udp=udp)
    assert data is None or data[:2] == query[:2]


def test_a_pods_search_list_begins_with_its_namespace() -> None:
    assert search_domains("shop") == ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local")
