"""ServiceEntry -> ServiceEntry."""

from hauberk.k8s.fields import created_of, integer, items, mapping, strings, text
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.model.service import Protocol, Resolution, ServicePort, protocol_of
from hauberk.model.service_entry import EntryEndpoint, ServiceEntry

__all__ = ["parse_service_entry"]


def parse_service_entry(manifest: Manifest) -> ServiceEntry:
    """The entry. A block of addresses (`10.0.0.0/8`) is nothing that a client calls, so only single ones count."""
    spec = mapping(manifest, "spec")
    resolution = text(spec, "resolution") or "NONE"
    return ServiceEntry(
        namespace=namespace_of(manifest),
        name=name_of(manifest),
        hosts=strings(spec, "hosts"),
        addresses=tuple(address.removesuffix("/32") for address in strings(spec, "addresses") if address.partition("/")[2] in ("", "32")),
        ports=tuple(port for port in map(_port, items(spec, "ports")) if port.protocol is not Protocol.UDP),
        external=text(spec, "location") != "MESH_INTERNAL",
        resolution=Resolution.DNS if resolution.startswith("DNS") else Resolution(resolution),
        endpoints=tuple(_endpoint(entry) for entry in items(spec, "endpoints")),
        export_to=strings(spec, "exportTo"),
        created=created_of(manifest),
    )


def _port(port: Manifest) -> ServicePort:
    number, name = integer(port.get("number"), "spec.ports[].number"), text(port, "name")
    target = port.get("targetPort")
    return ServicePort(
        name=name,
        number=number,
        target=integer(target, "spec.ports[].targetPort") if target else number,
        protocol=protocol_of(text(port, "protocol").lower() or name, number),
    )


def _endpoint(entry: Manifest) -> EntryEndpoint:
    ports = mapping(entry, "ports")
    return EntryEndpoint(text(entry, "address"), {name: integer(ports[name], "endpoints[].ports") for name in ports})
