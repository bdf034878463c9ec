"""Inbound and outbound capture in an injected pod's network namespace. Pure.

The rules are Istio's (tools/istio-iptables/pkg/capture/run.go), with the sidecar told by the mark on its sockets instead of
its uid, because a rootless user namespace has one uid only. A pod that calls its own address is not captured; one that
calls its own Service is (the VIP does not leave by lo): Envoy's connection to the pod's own address then enters 15006.
"""

from collections.abc import Sequence

from hauberk import names
from hauberk.node.linux import nftables as nft

__all__ = ["plan_redirect"]


def plan_redirect(
    *,
    inbound_port: int = names.INBOUND_PORT,
    outbound_port: int = names.OUTBOUND_PORT,
    excluded_ports: Sequence[int] = names.INBOUND_EXCLUDED_PORTS,
    mark: int = names.SIDECAR_MARK,
) -> tuple[nft.Operation, ...]:
    """One transaction that redirects the TCP connections of a fresh network namespace to the sidecar's two listeners.

    Inbound: all ports but `excluded_ports` (served by the sidecar itself). Outbound: all but those of sockets that carry `mark`.
    """
    tcp = nft.match_protocol(nft.TCP)
    by_loopback = nft.match_leaving_by_loopback()
    inbound = [
        *(tcp + nft.match_destination_port(port) + nft.accept() for port in excluded_ports),
        tcp + nft.redirect(inbound_port),
    ]
    outbound = [
        # From the sidecar's inbound side to the application.
        by_loopback + nft.match_source(names.INBOUND_BIND_ADDRESS) + nft.accept(),
        # From the sidecar's outbound side to its own pod: as if it came from another pod.
        by_loopback + nft.match_mark(mark) + nft.match_not_loopback_destination() + tcp + nft.redirect(inbound_port),
        # The application to itself, by any of the pod's addresses.
        by_loopback + nft.accept(),
        nft.match_mark(mark) + nft.accept(),
        tcp + nft.redirect(outbound_port),
    ]
    return (
        nft.AddTable(),
        nft.AddChain("inbound", nft.PREROUTING),
        nft.AddChain("outbound", nft.OUTPUT),
        *(nft.Rule("inbound", rule) for rule in inbound),
        *(nft.Rule("outbound", rule) for rule in outbound),
    )
