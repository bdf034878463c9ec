from typing import Any

from hauberk.k8s.parse_service_entry import parse_service_entry
from hauberk.model.service import Protocol, Resolution, ServicePort
from hauberk.model.service_entry import EntryEndpoint, ServiceEntry


def parse(**spec: Any) -> ServiceEntry:
    return parse_service_entry(
        {"kind": "ServiceEntry", "metadata": {"name": "e", "namespace": "n"}, "spec": {"hosts": ["a.example"], **spec}}
    )


def test_nothing_said_is_external_and_goes_where_the_client_asked() -> None:
    assert parse() == ServiceEntry("n", "e", ("a.example",), external=True, resolution=Resolution.NONE)


def test_everything() -> None:
    entry = parse(
        addresses=["192.0.2.1/32", "10.0.0.0/8", "192.0.2.2"],
        location="MESH_INTERNAL",
        resolution="DNS_ROUND_ROBIN",
        ports=[{"number": 443, "name": "https", "protocol": "TLS", "targetPort": 8443}, {"number": 53, "name": "dns", "protocol": "UDP"}],
        endpoints=[{"address": "x.example", "ports": {"https": 1}}],
        exportTo=["."],
    )
    assert entry == ServiceEntry(
        "n",
        "e",
        ("a.example",),
        ("192.0.2.1", "192.0.2.2"),
        (ServicePort("https", 443, 8443, Protocol.TLS),),
        external=False,
        resolution=Resolution.DNS,
        endpoints=(EntryEndpoint("x.example", {"https": 1}),),
        export_to=(".",),
    )
