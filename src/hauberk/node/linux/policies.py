"""NetworkPolicies in the node's network namespace: which pod may be reached by whom, as chains between the pods' links. Pure.

    forward: established → accept; to itself → accept
             destination in `ingress`? → its chain: what is allowed returns, the rest is dropped
             source in `egress`?       → its chain, likewise

Packets of the node itself never pass `forward`: probes, DNS, the router and the API's proxy keep working whatever a policy says.
Service VIPs are translated before, so a rule sees the pod and the pod's port, as upstream's network plugins do.

Chains are named after what is in them and never changed; peers are sets of addresses, named after the selector that they come
from, which follow the pods. So a pod that comes or goes costs an element a set, and a pod's way changes in one step.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import IPv4Network
from typing import Final

from hauberk.node.linux import nftables as nft

__all__ = ["Allowance", "Block", "PolicyTable", "PortRange", "chain_of", "plan_policies", "plan_policy_base"]

_ADDRESS_TYPE: Final = 7  # nft's ipv4_addr
_OPERATIONS_PER_TRANSACTION: Final = 300
"""As for Services: a transaction is one datagram."""
_PROTOCOLS: Final = {"TCP": nft.TCP, "UDP": nft.UDP, "SCTP": nft.SCTP}


@dataclass(frozen=True, slots=True, order=True)
class PortRange:
    """Ports of a protocol, from `first` to `last`; 0 to 0 is every port."""

    protocol: str
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """Addresses of a network without some networks in it, in CIDR notation; only IPv4 can be met here."""

    cidr: str
    excepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Allowance:
    """What one rule of a policy lets pass: from or to any of the peers, at any of the ports; None for everybody, for every port."""

    sets: tuple[str, ...] | None = None
    """Names of sets of addresses (`PolicyTable.sets`)."""
    blocks: tuple[Block, ...] = ()
    ports: tuple[PortRange, ...] | None = None


Allowances = tuple[Allowance, ...]


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """All that is enforced: members of sets by name; what may reach, and what may leave, each isolated pod by its address."""

    sets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ingress: Mapping[str, Allowances] = field(default_factory=dict)
    egress: Mapping[str, Allowances] = field(default_factory=dict)

    def chains(self) -> dict[str, tuple[str, Allowances]]:
        """Every chain that is led to: its direction and what it lets pass."""
        by_direction = (("ingress", self.ingress), ("egress", self.egress))
        return {
            chain_of(direction, allowances): (direction, allowances) for direction, pods in by_direction for allowances in pods.values()
        }

    def ways(self, direction: str) -> dict[str, str]:
        """The chain of each isolated pod's address."""
        pods = self.ingress if direction == "ingress" else self.egress
        return {address: chain_of(direction, allowances) for address, allowances in pods.items()}

    def used_sets(self) -> dict[str, frozenset[str]]:
        """The sets that some chain asks; the kernel need not know the others."""
        names = {name for _direction, allowances in self.chains().values() for one in allowances for name in one.sets or ()}
        return {name: self.sets.get(name, frozenset()) for name in names}


def chain_of(direction: str, allowances: Allowances) -> str:
    """A chain's name: its direction and a digest of its rules, so that pods with the same rules share it."""
    return f"{direction}-{sha256(repr(allowances).encode()).hexdigest()[:16]}"


def plan_policy_base() -> tuple[nft.Operation, ...]:
    """The way in, without any policy; once per network namespace, after the table of Services (`plan_base`)."""
    dispatch_in = (nft.load_destination(1), nft.look_up_verdict("ingress", 1))
    dispatch_out = (nft.load_source(1), nft.look_up_verdict("egress", 1))
    return (
        nft.AddSet("ingress", 11, 4, _ADDRESS_TYPE, verdicts=True),
        nft.AddSet("egress", 12, 4, _ADDRESS_TYPE, verdicts=True),
        nft.AddChain("between-pods", nft.FORWARD),
        nft.Rule("between-pods", nft.match_established() + nft.accept()),
        # A pod that reaches itself through a Service: no policy keeps a pod from itself.
        nft.Rule("between-pods", (nft.load_addresses(), nft.is_in("hairpins"), *nft.accept())),
        nft.Rule("between-pods", dispatch_in),
        nft.Rule("between-pods", dispatch_out),
    )


def plan_policies(current: PolicyTable, wanted: PolicyTable) -> tuple[tuple[nft.Operation, ...], ...]:
    """Transactions that lead from `current` to `wanted`: mostly one; of several, each pod changes within one of them.

    What is new is there before anything leads to it, what is old goes when nothing does any more. Nothing to change is none.
    """
    before, after = current.chains(), wanted.chains()
    old_sets, new_sets = current.used_sets(), wanted.used_sets()
    steps = [
        *_plan_sets(old_sets, new_sets),
        *(_plan_chain(name, *after[name]) for name in sorted(after.keys() - before.keys())),
        *_plan_ways("ingress", current, wanted),
        *_plan_ways("egress", current, wanted),
        *((nft.FlushChain(name), nft.DeleteChain(name)) for name in sorted(before.keys() - after.keys())),
        *((nft.DeleteSet(name),) for name in sorted(old_sets.keys() - new_sets.keys())),
    ]
    return tuple(_pack(steps))


def _plan_sets(old: Mapping[str, frozenset[str]], new: Mapping[str, frozenset[str]]) -> Iterator[tuple[nft.Operation, ...]]:
    for number, name in enumerate(sorted(new.keys() - old.keys()), start=100):
        yield (nft.AddSet(name, number, 4, _ADDRESS_TYPE),)
    for name, members in sorted(new.items()):
        for address in sorted(members - old.get(name, frozenset())):
            yield (nft.AddElement(name, nft.packed_address(address)),)
        for address in sorted(old.get(name, frozenset()) - members):
            yield (nft.DeleteElement(name, nft.packed_address(address)),)


def _plan_ways(direction: str, current: PolicyTable, wanted: PolicyTable) -> Iterator[tuple[nft.Operation, ...]]:
    before, after = current.ways(direction), wanted.ways(direction)
    for address in sorted(before.keys() | after.keys()):
        key, old, new = nft.packed_address(address), before.get(address), after.get(address)
        if old == new:
            continue
        gone = (nft.DeleteElement(direction, key),) if old else ()
        come = (nft.AddElement(direction, key, nft.Verdict(nft.NFT_JUMP, new)),) if new else ()
        yield (*gone, *come)


def _plan_chain(name: str, direction: str, allowances: Allowances) -> tuple[nft.Operation, ...]:
    rules = (nft.Rule(name, match + nft.leave_chain()) for one in allowances for match in _matches(direction, one))
    return (nft.AddChain(name), *rules, nft.Rule(name, nft.drop()))


def _matches(direction: str, allowance: Allowance) -> Iterator[tuple[nft.Expression, ...]]:
    """Every combination of a peer and a port that is allowed."""
    load = nft.load_source if direction == "ingress" else nft.load_destination
    peers: list[tuple[nft.Expression, ...]] = [()]
    if allowance.sets is not None:
        peers = [(load(1), nft.is_in(name)) for name in allowance.sets]
        peers += [_match_block(load(1), block) for block in allowance.blocks if ":" not in block.cidr]
    ports = [()] if allowance.ports is None else [_match_ports(one) for one in allowance.ports]
    for peer in peers:
        for port in ports:
            yield peer + port


def _match_block(load: nft.Expression, block: Block) -> tuple[nft.Expression, ...]:
    match = (load, *_is_in_network(block.cidr, inside=True))
    for cidr in block.excepted:
        match += (load, *_is_in_network(cidr, inside=False))
    return match


def _is_in_network(cidr: str, *, inside: bool) -> tuple[nft.Expression, ...]:
    network = IPv4Network(cidr, strict=False)
    return nft.compare_masked(network.network_address.packed, network.netmask.packed, equal=inside)


def _match_ports(ports: PortRange) -> tuple[nft.Expression, ...]:
    match = nft.match_protocol(_PROTOCOLS[ports.protocol])
    if not ports.first:
        return match
    if ports.first == ports.last:
        return match + nft.match_destination_port(ports.first)
    return match + nft.match_destination_ports(ports.first, ports.last)


def _pack(steps: Iterable[tuple[nft.Operation, ...]]) -> Iterator[tuple[nft.Operation, ...]]:
    transaction: list[nft.Operation] = []
    for step in steps:
        if transaction and len(transaction) + len(step) > _OPERATIONS_PER_TRANSACTION:
            yield tuple(transaction)
            transaction = []
        transaction += step
    if transaction:
        yield tuple(transaction)
