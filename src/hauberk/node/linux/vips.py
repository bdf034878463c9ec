"""Service VIPs (ClusterIP) in the node's network namespace: destination NAT to one endpoint by chance. Pure.

One map from (address, protocol, port) to a chain per service port, so a connection costs one lookup however many services
there are, and a change touches the chains of what changed only. A VIP without endpoints has no entry: the service range is
local to the node, where nobody listens, so the kernel itself answers "connection refused".

A pod that reaches itself through a VIP would see its own address as the source and drop the packet; such connections
(source and destination the same) get the node's address as their source.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from hauberk import names
from hauberk.node.linux import nftables as nft

__all__ = ["ServiceVip", "plan_base", "plan_services"]

_SERVICES: Final = "services"
_HAIRPINS: Final = "hairpins"
_OPERATIONS_PER_TRANSACTION: Final = 400
"""A transaction is one datagram and must fit a socket's send buffer (208 KiB by default); a rule takes about 300 bytes."""

_ADDRESS_TYPE, _PROTOCOL_TYPE, _PORT_TYPE = 7, 12, 13  # nft's data types ipv4_addr, inet_proto, inet_service
_PROTOCOLS: Final = {"TCP": nft.TCP, "UDP": nft.UDP}


@dataclass(frozen=True, slots=True)
class ServiceVip:
    """One port of a Service's cluster IP and the ready endpoints (address, port) behind it."""

    address: str
    port: int
    protocol: Literal["TCP", "UDP"]
    endpoints: tuple[tuple[str, int], ...]

    @property
    def chain(self) -> str:
        """The name of its chain, and its identity: `tcp-10.96.1.2-80`."""
        return f"{self.protocol.lower()}-{self.address}-{self.port}"

    @property
    def key(self) -> bytes:
        """Its key in the map: address, protocol, port, each filled up to four bytes."""
        return nft.packed_address(self.address) + bytes([_PROTOCOLS[self.protocol], 0, 0, 0]) + nft.packed_port(self.port) + b"\0\0"


def plan_base(*, node_address: str = names.NODE_ADDRESS) -> tuple[nft.Operation, ...]:
    """The table without any service; once per network namespace."""
    dispatch = (
        nft.load_destination(8),
        nft.load_protocol(9),
        nft.load_destination_port(10),
        nft.look_up_verdict(_SERVICES, 8),
    )
    return (
        nft.AddTable(),
        nft.AddSet(_SERVICES, 1, 12, _ADDRESS_TYPE << 12 | _PROTOCOL_TYPE << 6 | _PORT_TYPE, verdicts=True),
        nft.AddSet(_HAIRPINS, 2, 8, _ADDRESS_TYPE << 6 | _ADDRESS_TYPE),
        nft.AddChain("from-pods", nft.PREROUTING),
        nft.AddChain("from-node", nft.OUTPUT),
        nft.AddChain("to-pods", nft.POSTROUTING),
        nft.Rule("from-pods", dispatch),
        nft.Rule("from-node", dispatch),
        nft.Rule("to-pods", (nft.load_addresses(), nft.is_in(_HAIRPINS), *nft.translate_source(node_address))),
    )


def plan_services(current: Sequence[ServiceVip], wanted: Sequence[ServiceVip]) -> tuple[tuple[nft.Operation, ...], ...]:
    """Transactions that lead from `current` to `wanted`; each service port changes at once, within one of them.

    Where a VIP is given twice, the last one counts. Nothing to change is no transaction.
    """
    before, after = _served(current), _served(wanted)
    steps = [
        *_plan_hairpins(before.values(), after.values()),
        *(_plan_removal(vip) for chain, vip in before.items() if chain not in after),
        *(_plan_service(vip, is_new=chain not in before) for chain, vip in after.items() if before.get(chain) != vip),
    ]
    return tuple(_pack(steps))


def _served(vips: Sequence[ServiceVip]) -> dict[str, ServiceVip]:
    return {chain: vip for chain, vip in {vip.chain: vip for vip in vips}.items() if vip.endpoints}


def _plan_service(vip: ServiceVip, *, is_new: bool) -> tuple[nft.Operation, ...]:
    left = len(vip.endpoints)
    rules = (
        # One in n, else one in n-1 of what is left, ...: each endpoint gets the same share.
        nft.Rule(vip.chain, nft.match_one_in(left - index) + nft.translate_destination(*endpoint))
        for index, endpoint in enumerate(vip.endpoints)
    )
    if is_new:
        return (nft.AddChain(vip.chain), *rules, nft.AddElement(_SERVICES, vip.key, nft.Verdict(nft.NFT_GOTO, vip.chain)))
    return (nft.FlushChain(vip.chain), *rules)


def _plan_removal(vip: ServiceVip) -> tuple[nft.Operation, ...]:
    return (nft.DeleteElement(_SERVICES, vip.key), nft.FlushChain(vip.chain), nft.DeleteChain(vip.chain))


def _plan_hairpins(before: Iterable[ServiceVip], after: Iterable[ServiceVip]) -> Iterator[tuple[nft.Operation, ...]]:
    old = {address for vip in before for address, _port in vip.endpoints}
    new = {address for vip in after for address, _port in vip.endpoints}
    for address in sorted(new - old):
        yield (nft.AddElement(_HAIRPINS, nft.packed_address(address) * 2),)
    for address in sorted(old - new):
        yield (nft.DeleteElement(_HAIRPINS, nft.packed_address(address) * 2),)


def _pack(steps: Iterable[tuple[nft.Operation, ...]]) -> Iterator[tuple[nft.Operation, ...]]:
    transaction: list[nft.Operation] = []
    for step in steps:
        if transaction and len(transaction) + len(step) > _OPERATIONS_PER_TRANSACTION:
            yield tuple(transaction)
            transaction = []
        transaction += step
    if transaction:
        yield tuple(transaction)
