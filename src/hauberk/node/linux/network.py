"""Links, routes, network namespaces and nftables of the node, by netlink. The edge; what to send is planned elsewhere.

    pod netns:  eth0 <pod address>/32, default via 169.254.1.1 (permanent neighbour)
                  | veth
    node netns: v<hash>, route <pod address>/32; lo: node address, DNS VIP; the Service range is local

Nobody needs ARP: both ends of a link have addresses that are known beforehand. All netlink is done by one thread, so calls
take their turn and the event loop goes on; a pod's network takes about 10 ms.
"""

import asyncio
import contextlib
import hashlib
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final, TypeVar

from pyroute2.iproute.linux import IPRoute

from hauberk import names
from hauberk.node.linux import nftables as nft
from hauberk.node.linux import syscalls
from hauberk.node.linux.policies import PolicyTable, plan_policies, plan_policy_base
from hauberk.node.linux.redirect import plan_redirect
from hauberk.node.linux.transaction import apply_nftables
from hauberk.node.linux.vips import ServiceVip, plan_base, plan_services

__all__ = ["NodeNetwork", "PodNetwork", "open_socket_in_pod"]

NETNS_DIR: Final = Path("/run/netns")
"""As `ip netns` has it, so that `nsenter -t <node> -U -m -n ip netns` lists the pods."""
_HOST_SIDE_MAC: Final = "ee:ee:ee:ee:ee:ee"
_LOOPBACK: Final = 1
_NODE_SYSCTLS: Final[Mapping[str, int | str]] = {
    "net/ipv4/ip_forward": 1,
    # Taken over from the host, where distributions differ; a route back by the same link exists for every pod anyway.
    "net/ipv4/conf/all/rp_filter": 0,
    "net/ipv4/conf/default/rp_filter": 0,
    "net/ipv6/conf/default/disable_ipv6": 1,
    # Refusals must come at once, however many: no limit on ICMP errors.
    "net/ipv4/icmp_ratelimit": 0,
}
_POD_SYSCTLS: Final[Mapping[str, int | str]] = {
    "net/ipv4/conf/all/rp_filter": 0,
    "net/ipv4/conf/default/rp_filter": 0,
    "net/ipv6/conf/default/disable_ipv6": 1,
    # Pods have one uid and no capabilities; ports below 1024 are theirs as in a container runtime's default.
    "net/ipv4/ip_unprivileged_port_start": 0,
    # So is ping, by ICMP sockets.
    "net/ipv4/ping_group_range": "0 0",
}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PodNetwork:
    """A pod's network: `netns` is the path of its namespace, `link` the node's side of its veth pair."""

    name: str
    address: str
    netns: str
    link: str


class NodeNetwork:
    """The node's links and rules; made in the node's network namespace by a process with CAP_NET_ADMIN there."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="netlink")
        self._pods: dict[str, PodNetwork] = {}
        self._services: tuple[ServiceVip, ...] = ()
        self._policies = PolicyTable()
        self._route: Any = None

    async def _run(self, work: Callable[..., _T], *args: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    async def start(self) -> None:
        """Prepare the namespace: lo, forwarding, the node's addresses, the empty table of services."""
        await self._run(self._start)

    async def close(self) -> None:
        """Let go of netlink; links and rules stay until the namespace ends."""
        if self._route is not None:
            await self._run(self._route.close)
        self._thread.shutdown()

    async def create_pod(self, name: str, address: str, *, redirect: bool) -> PodNetwork:
        """A network namespace with a link to the node; `redirect` puts a sidecar's capture into it before anything can run there."""
        pod = PodNetwork(name, address, str(NETNS_DIR / name), link_name(name))
        # Known before it is there: whoever is cancelled meanwhile can still delete it, which takes its turn after this.
        self._pods[name] = pod
        await self._run(self._create_pod, pod, plan_redirect() if redirect else ())
        return pod

    async def delete_pod(self, name: str) -> None:
        """Take link and namespace away; what still runs in it loses its network. No error where it is gone already."""
        pod = self._pods.pop(name, None)
        if pod is not None:
            await self._run(self._delete_pod, pod)

    async def set_services(self, services: Sequence[ServiceVip]) -> None:
        """Make the VIPs exactly these. Each service port changes at once; connections that exist keep their endpoint."""
        await self._run(self._set_services, tuple(services))

    async def set_policies(self, policies: PolicyTable) -> None:
        """Enforce exactly these NetworkPolicies; connections that exist go on."""
        await self._run(self._set_policies, policies)

    def _start(self) -> None:
        NETNS_DIR.mkdir(exist_ok=True)
        _write_sysctls(_NODE_SYSCTLS)
        self._route = IPRoute()
        self._route.link("set", index=_LOOPBACK, state="up")
        for address in (names.NODE_ADDRESS, names.DNS_VIP):
            self._route.addr("replace", index=_LOOPBACK, address=address, prefixlen=32)
        # VIPs that no rule translates end here, where nobody listens: refused at once.
        here = {"oif": _LOOPBACK, "table": 255, "type": "local", "scope": "host", "prefsrc": names.NODE_ADDRESS}
        self._route.route("replace", dst=names.SERVICE_CIDR, **here)
        apply_nftables(plan_base() + plan_policy_base())

    def _create_pod(self, pod: PodNetwork, redirect: tuple[nft.Operation, ...]) -> None:
        try:
            with _new_netns(pod.netns):
                _write_sysctls(_POD_SYSCTLS)
                inside = IPRoute()
                if redirect:
                    apply_nftables(redirect)
            try:
                self._connect(pod, inside)
            finally:
                inside.close()
        except BaseException:
            self._delete_pod(pod)
            raise

    def _connect(self, pod: PodNetwork, inside: Any) -> None:
        pod_mac = mac_of(pod.address)
        peer: dict[str, Any] = {"ifname": "eth0", "address": pod_mac}
        with open(pod.netns, "rb") as netns:  # noqa: PTH123 - a descriptor is wanted, nothing is read
            peer["net_ns_fd"] = netns.fileno()
            self._route.link("add", ifname=pod.link, kind="veth", address=_HOST_SIDE_MAC, peer=peer)
        outer = socket.if_nametoindex(pod.link)
        self._route.link("set", index=outer, state="up")
        inner = inside.link_lookup(ifname="eth0")[0]
        inside.link("set", index=_LOOPBACK, state="up")
        inside.addr("add", index=inner, address=pod.address, prefixlen=32)
        inside.link("set", index=inner, state="up")
        inside.neigh("add", ifindex=inner, dst=names.POD_GATEWAY, lladdr=_HOST_SIDE_MAC, state="permanent")
        inside.route("add", dst="default", gateway=names.POD_GATEWAY, oif=inner, flags=["onlink"])
        self._route.neigh("add", ifindex=outer, dst=pod.address, lladdr=pod_mac, state="permanent")
        self._route.route("replace", dst=f"{pod.address}/32", oif=outer, scope="link", prefsrc=names.NODE_ADDRESS)

    def _delete_pod(self, pod: PodNetwork) -> None:
        for index in self._route.link_lookup(ifname=pod.link):
            self._route.link("del", index=index)
        netns = Path(pod.netns)
        if netns.exists():
            if netns.stat().st_dev != NETNS_DIR.stat().st_dev:
                syscalls.unmount(pod.netns)
            netns.unlink()

    def _set_services(self, wanted: tuple[ServiceVip, ...]) -> None:
        transactions = plan_services(self._services, wanted)
        for transaction in transactions:
            apply_nftables(transaction)
        self._services = wanted

    def _set_policies(self, wanted: PolicyTable) -> None:
        for transaction in plan_policies(self._policies, wanted):
            apply_nftables(transaction)
        self._policies = wanted


@contextlib.contextmanager
def _new_netns(path: str) -> Iterator[None]:
    """Be in a new network namespace that is kept at `path`, with this thread only; back home at the end in any case."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        Path(path).touch(exist_ok=False)
        syscalls.unshare(syscalls.CLONE_NEWNET)
        syscalls.mount("/proc/thread-self/ns/net", path, flags=syscalls.MS_BIND)
        yield
    finally:
        syscalls.setns(home, syscalls.CLONE_NEWNET)
        os.close(home)


def link_name(pod: str) -> str:
    """The node's side of a pod's veth: 11 characters, of at most 15 that interfaces may have."""
    return f"v{hashlib.sha256(pod.encode()).hexdigest()[:10]}"


def mac_of(address: str) -> str:
    """A locally administered MAC that follows from the pod's address, so that neighbours can be known beforehand."""
    return ":".join(f"{byte:02x}" for byte in b"\x02\x48" + IPv4Address(address).packed)


def _write_sysctls(values: Mapping[str, int | str]) -> None:
    for name, value in values.items():
        path = Path("/proc/sys") / name
        if path.exists():  # a kernel may be without IPv6
            path.write_text(str(value))


def open_socket_in_pod(netns: str, *, mark: int = 0) -> socket.socket:
    """A non-blocking TCP socket in the pod's network namespace, for probes, health checks and the API's pod proxy.

    Without a mark, a connection to the pod's own address goes straight to the application, as kubelet's does under Istio
    (which rewrites probes); with the sidecar's mark it enters the sidecar's inbound listener.
    """
    with syscalls.enter_netns(netns):
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        if mark:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
    except BaseException:
        connection.close()
        raise
    return connection
