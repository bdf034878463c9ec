"""cluster.local as an immutable zone, and answers from it. No I/O: queries and answers are bytes.

Source: Kubernetes DNS-Based Service Discovery, version 1.1.0. Names of other domains are REFUSED: pods have no way to the
internet, so there is nothing to be resolved for them. There is no IPv6 (AAAA of a name that exists is an empty answer).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.reversename
import dns.rrset

from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.names import CLUSTER_DOMAIN, POD_CIDR, SERVICE_CIDR

__all__ = ["Zone", "answer", "build_zone", "search_domains"]

TTL_SECONDS = 5
"""CoreDNS's default: pods come and go."""
UDP_SIZE_BYTES = 512
"""What a UDP answer may have without EDNS (RFC 1035 4.2.1)."""
_HEADER_BYTES = 12
_LABEL_SERVICE = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True)
class Zone:
    """Records by name: lower case, no dot at the end. `names` holds also those that exist only because longer ones do."""

    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    """CNAMEs, of Services of type ExternalName."""
    services: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    """SRV: (port, target)."""
    pointers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()


class _Builder:
    """Records as they are gathered; dicts serve as sets that keep their order."""

    def __init__(self) -> None:
        self.addresses: dict[str, dict[str, None]] = {}
        self.services: dict[str, dict[tuple[int, str], None]] = {}
        self.pointers: dict[str, dict[str, None]] = {}
        self.aliases: dict[str, str] = {}

    def address(self, name: str, ip: str, *, reverse: bool = True) -> None:
        self.addresses.setdefault(name, {})[ip] = None
        if reverse:
            self.pointers.setdefault(_reverse_name(ip), {})[name] = None

    def service(self, service_name: str, port: Manifest, target: str) -> None:
        if port.get("name"):
            owner = f"_{port['name']}._{port.get('protocol', 'TCP').lower()}.{service_name}"
            self.services.setdefault(owner, {})[(int(port["port"]), target)] = None

    def zone(self) -> Zone:
        named = [*self.addresses, *self.services, *self.pointers, *self.aliases]
        return Zone(
            addresses={name: tuple(ips) for name, ips in self.addresses.items()},
            aliases=dict(self.aliases),
            services={name: tuple(targets) for name, targets in self.services.items()},
            pointers={name: tuple(names) for name, names in self.pointers.items()},
            names=frozenset(suffix for name in named for suffix in _suffixes(name)),
        )


def build_zone(services: Iterable[Manifest], slices: Iterable[Manifest]) -> Zone:
    """The zone of all Services; headless ones answer with the addresses of their EndpointSlices' ready endpoints."""
    builder = _Builder()
    slices_of: dict[tuple[str, str], list[Manifest]] = {}
    for endpoint_slice in slices:
        service_name = (endpoint_slice["metadata"].get("labels") or {}).get(_LABEL_SERVICE, "")
        slices_of.setdefault((namespace_of(endpoint_slice), service_name), []).append(endpoint_slice)
    for service in services:
        spec = service.get("spec") or {}
        name = f"{name_of(service)}.{namespace_of(service)}.svc.{CLUSTER_DOMAIN}".lower()
        if spec.get("type") == "ExternalName":
            builder.aliases[name] = str(spec.get("externalName", "")).lower().rstrip(".")
        elif spec.get("clusterIP") == "None":
            _add_headless(builder, name, spec, slices_of.get((namespace_of(service), name_of(service)), []))
        elif spec.get("clusterIP"):
            builder.address(name, spec["clusterIP"])
            for port in spec.get("ports") or []:
                builder.service(name, port, name)
    return builder.zone()


def _add_headless(builder: _Builder, name: str, spec: Manifest, slices: Iterable[Manifest]) -> None:
    unready_too = bool(spec.get("publishNotReadyAddresses"))
    builder.addresses.setdefault(name, {})  # it exists, with or without endpoints
    for endpoint_slice in slices:
        for endpoint in endpoint_slice.get("endpoints") or []:
            if not unready_too and (endpoint.get("conditions") or {}).get("ready") is False:
                continue
            for ip in endpoint.get("addresses") or []:
                host = f"{endpoint.get('hostname') or ip.replace('.', '-')}.{name}".lower()
                builder.address(name, ip, reverse=False)
                builder.address(host, ip)
                for port in endpoint_slice.get("ports") or []:
                    builder.service(name, port, host)


def answer(zone: Zone, query: bytes, *, udp: bool) -> bytes | None:
    """The answer to one query in wire format; None where there is nothing to answer to.

    Over UDP what does not fit is left out and the answer marked as truncated, so that the client asks again over TCP.
    """
    try:
        question = dns.message.from_wire(query, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError):
        return _malformed(query)
    if question.flags & dns.flags.QR:
        return None
    response = dns.message.make_response(question, recursion_available=False)
    if question.opcode() != dns.opcode.QUERY:
        response.set_rcode(dns.rcode.NOTIMP)
    elif len(question.question) != 1:
        response.set_rcode(dns.rcode.FORMERR)
    else:
        _fill(response, zone, question.question[0])
    limit = max(question.payload, UDP_SIZE_BYTES) if udp else 65535
    try:
        return response.to_wire(max_size=limit)
    except dns.exception.TooBig:
        for section in (response.answer, response.authority, response.additional):
            section.clear()
        response.flags |= dns.flags.TC
        return response.to_wire(max_size=limit)


def _malformed(query: bytes) -> bytes | None:
    if len(query) < _HEADER_BYTES or query[2] & 0x80:
        return None
    response = dns.message.Message(id=int.from_bytes(query[:2], "big"))
    response.flags |= dns.flags.QR
    response.set_rcode(dns.rcode.FORMERR)
    return response.to_wire()


def _fill(response: dns.message.Message, zone: Zone, question: dns.rrset.RRset) -> None:
    name = question.name.to_text(omit_final_dot=True).lower()
    authority = next((suffix for suffix in _suffixes(name) if suffix in _AUTHORITIES), None)
    if authority is None:
        response.set_rcode(dns.rcode.REFUSED)
        return
    response.flags |= dns.flags.AA
    records = _records(zone, name, question.rdtype)
    if records:
        for owner, kind, data in records:
            shown = question.name if owner == name else dns.name.from_text(owner)
            response.answer.append(dns.rrset.from_text_list(shown, TTL_SECONDS, "IN", kind, list(data)))
        return
    if name not in zone.names and name != authority:
        response.set_rcode(dns.rcode.NXDOMAIN)
    response.authority.append(_soa(authority))


def _records(zone: Zone, name: str, kind: int) -> list[tuple[str, str, tuple[str, ...]]]:
    """RRsets as (owner, type, data) that answer a question of `kind`."""
    wanted = {kind} if kind != dns.rdatatype.ANY else {dns.rdatatype.A, dns.rdatatype.SRV, dns.rdatatype.PTR}
    found: list[tuple[str, str, tuple[str, ...]]] = []
    if name in zone.aliases:
        return [(name, "CNAME", (f"{zone.aliases[name]}.",)), *_records(zone, zone.aliases[name], kind)]
    if dns.rdatatype.A in wanted and zone.addresses.get(name):
        found.append((name, "A", zone.addresses[name]))
    if dns.rdatatype.SRV in wanted and name in zone.services:
        targets = zone.services[name]
        weight = max(100 // len(targets), 1)
        found.append((name, "SRV", tuple(f"0 {weight} {port} {target}." for port, target in targets)))
    if dns.rdatatype.PTR in wanted and name in zone.pointers:
        found.append((name, "PTR", tuple(f"{target}." for target in zone.pointers[name])))
    return found


def _soa(authority: str) -> dns.rrset.RRset:
    # the zone is never transferred, so its serial need not tell anything
    data = f"ns.dns.{CLUSTER_DOMAIN}. hostmaster.{CLUSTER_DOMAIN}. 1 7200 1800 86400 {TTL_SECONDS}"
    return dns.rrset.from_text(f"{authority}.", TTL_SECONDS, "IN", "SOA", data)


def search_domains(namespace: str) -> tuple[str, ...]:
    """The search list of a pod's resolv.conf (dnsPolicy ClusterFirst)."""
    return (f"{namespace}.svc.{CLUSTER_DOMAIN}", f"svc.{CLUSTER_DOMAIN}", CLUSTER_DOMAIN)


def _reverse_name(ip: str) -> str:
    return dns.reversename.from_address(ip).to_text(omit_final_dot=True)


def _reverse_zone(cidr: str) -> str:
    """`10.244.0.0/16` is `244.10.in-addr.arpa`."""
    network = ip_network(cidr)
    octets = str(network.network_address).split(".")[: network.prefixlen // 8]
    return ".".join(reversed(octets)) + ".in-addr.arpa"


_AUTHORITIES = frozenset({CLUSTER_DOMAIN, _reverse_zone(POD_CIDR), _reverse_zone(SERVICE_CIDR)})


def _suffixes(name: str) -> list[str]:
    labels = name.split(".")
    return [".".join(labels[index:]) for index in range(len(labels))]
