"""Addresses of pods: one each from the pod network, given out in order so that an address rests before it is used again. No I/O."""

from ipaddress import IPv4Address, ip_network

from hauberk.errors import EnvironmentProblem
from hauberk.names import POD_CIDR

__all__ = ["AddressPool"]

_RESERVED = 2
"""The network's own address, and the node's (NODE_ADDRESS), are the first two."""


class AddressPool:
    """Which pod (by uid) has which address."""

    def __init__(self, cidr: str = POD_CIDR) -> None:
        network = ip_network(cidr)
        self._first = int(network.network_address) + _RESERVED
        self._size = network.num_addresses - _RESERVED - 1  # the last is the broadcast address
        self._next = 0
        self._by_owner: dict[str, str] = {}

    def take(self, owner: str, wanted: str = "") -> str:
        """The address of `owner`: the one that it has, or `wanted` where that is free, or else the next free one.

        A pod wants the address that it had before the node was restarted: others may still know it by that.
        Raises: EnvironmentProblem - all are taken.
        """
        if owner in self._by_owner:
            return self._by_owner[owner]
        taken = set(self._by_owner.values())
        if wanted and wanted not in taken and 0 <= int(IPv4Address(wanted)) - self._first < self._size:
            self._by_owner[owner] = wanted
            return wanted
        for step in range(self._size):
            offset = (self._next + step) % self._size
            address = str(IPv4Address(self._first + offset))
            if address not in taken:
                self._next = offset + 1
                self._by_owner[owner] = address
                return address
        raise EnvironmentProblem(f"all {self._size} pod addresses are in use; delete pods that are no longer needed")

    def give_back(self, owner: str) -> None:
        """Free the address of `owner`, who may have none."""
        self._by_owner.pop(owner, None)
