from hauberk.model.service import Protocol, Resolution, ServicePort
from hauberk.model.service_entry import EntryEndpoint, ServiceEntry

PORT = ServicePort("http", 80, 80, Protocol.HTTP)


def test_every_host_is_a_service() -> None:
    entry = ServiceEntry("n", "e", ("a", "b"), ("192.0.2.1",), (PORT,), resolution=Resolution.DNS)
    first, second = entry.services()
    assert (first.hostname, first.vip, first.dns_names, first.external, first.from_entry) == ("a", "192.0.2.1", ("a",), True, True)
    assert second.dns_names == ("b",)


def test_endpoints_are_what_is_resolved_instead_of_the_host() -> None:
    entry = ServiceEntry("n", "e", ("a",), resolution=Resolution.DNS, endpoints=(EntryEndpoint("x"), EntryEndpoint("y")))
    assert entry.services()[0].dns_names == ("x", "y")
