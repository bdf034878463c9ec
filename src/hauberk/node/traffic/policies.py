"""NetworkPolicies, pods and namespaces -> who may reach whom, by address. No I/O; `linux.policies` makes rules of it.

Source: k8s.io/api/networking/v1 types.go. What it says and is easily missed: policies add up; a pod that none selects is open;
a list of peers or ports that is absent or empty means all; a namespaceSelector beside a podSelector narrows, as another peer
it would widen; a named port is looked up at the pod that is called.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import orjson

from hauberk.k8s.kind import Manifest, name_of, namespace_of, uid_of
from hauberk.k8s.label_selectors import selects
from hauberk.names import ANNOTATION_ENFORCED
from hauberk.node.linux.policies import Allowance, Allowances, Block, PolicyTable, PortRange

__all__ = ["PodFacts", "is_enforced", "pod_facts", "select_policies"]

_ENDED = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class PodFacts:
    """What policies ask of a pod; `ports` are (name, protocol, number) of its containers."""

    namespace: str
    labels: Mapping[str, str]
    address: str
    ports: tuple[tuple[str, str, int], ...] = ()


def pod_facts(pods: Iterable[Manifest], addresses: Mapping[str, str]) -> list[PodFacts]:
    """The pods that have an address: by uid in `addresses`, which the node knows before status does, else in their status."""
    found = []
    for pod in pods:
        status = pod.get("status") or {}
        address = addresses.get(uid_of(pod)) or status.get("podIP")
        if address and status.get("phase") not in _ENDED:
            found.append(PodFacts(namespace_of(pod), pod["metadata"].get("labels") or {}, str(address), _named_ports(pod)))
    return found


def _named_ports(pod: Manifest) -> tuple[tuple[str, str, int], ...]:
    spec = pod.get("spec") or {}
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    ports = [port for container in containers for port in container.get("ports") or () if port.get("name")]
    return tuple((str(port["name"]), str(port.get("protocol") or "TCP"), int(port["containerPort"])) for port in ports)


def is_enforced(policy: Manifest) -> bool:
    """Every policy is, but for those of a mesh that were not asked for (docs/adr/0035)."""
    annotations = policy["metadata"].get("annotations") or {}
    return not str(annotations.get(ANNOTATION_ENFORCED, "")).startswith("false")


def select_policies(policies: Iterable[Manifest], pods: Sequence[PodFacts], namespaces: Iterable[Manifest]) -> PolicyTable:
    """What the policies that are enforced ask for, now."""
    world = _World(pods, {name_of(one): one["metadata"].get("labels") or {} for one in namespaces})
    found: dict[str, dict[str, set[Allowance]]] = {"Ingress": {}, "Egress": {}}
    for policy in filter(is_enforced, policies):
        spec = policy.get("spec") or {}
        chosen = [pod for pod in pods if pod.namespace == namespace_of(policy) and selects(spec.get("podSelector"), pod.labels)]
        for direction in spec.get("policyTypes") or ("Ingress",):
            rules = spec.get(direction.lower()) or ()
            for pod in chosen:
                allowed = found[direction].setdefault(pod.address, set())
                for rule in rules:
                    allowed.update(world.allowances(direction, rule, namespace_of(policy), pod))
    return PolicyTable(world.sets, *({address: _sorted(some) for address, some in found[one].items()} for one in ("Ingress", "Egress")))


def _sorted(allowances: Iterable[Allowance]) -> Allowances:
    return tuple(sorted(allowances, key=repr))


class _World:
    """Pods and namespaces to be looked up in, and the sets of addresses that came of it."""

    def __init__(self, pods: Sequence[PodFacts], namespaces: Mapping[str, Mapping[str, str]]) -> None:
        self._pods = pods
        self._namespaces = namespaces
        self.sets: dict[str, frozenset[str]] = {}

    def allowances(self, direction: str, rule: Manifest, namespace: str, pod: PodFacts) -> Iterator[Allowance]:
        """What a rule of a policy in `namespace` that selects `pod` lets pass."""
        peers, ports = rule.get("from" if direction == "Ingress" else "to") or (), rule.get("ports") or ()
        plain = [_port_range(port) for port in ports if not isinstance(port.get("port"), str)]
        named = [port for port in ports if isinstance(port.get("port"), str)]
        if direction == "Ingress":
            plain += [one for port in named for one in _resolved(port, pod)]
            named = []
        if plain or not ports:
            sets = tuple(sorted(self._set(peer, namespace) for peer in peers if "ipBlock" not in peer))
            yield Allowance(sets if peers else None, _blocks(peers), tuple(sorted(plain)) if ports else None)
        for port in named:
            yield from self._to_named(port, peers, namespace)

    def _to_named(self, port: Manifest, peers: Sequence[Manifest], namespace: str) -> Iterator[Allowance]:
        """The pods among `peers` that call a port of theirs so, by the number that it has there."""
        selectors = [peer for peer in peers if "ipBlock" not in peer] if peers else [{"namespaceSelector": {}}]
        for peer in selectors:
            members = self._members(peer, namespace)
            for one in sorted({one for pod in members for one in _resolved(port, pod)}):
                addresses = frozenset(pod.address for pod in members if one in _resolved(port, pod))
                yield Allowance((self._keep([peer, namespace, port, one.first], addresses),), (), (one,))

    def _set(self, peer: Manifest, namespace: str) -> str:
        # Without a namespaceSelector it means the policy's own namespace, so that is part of what the set is.
        where = namespace if peer.get("namespaceSelector") is None else ""
        return self._keep([peer, where], frozenset(pod.address for pod in self._members(peer, namespace)))

    def _keep(self, identity: object, addresses: frozenset[str]) -> str:
        name = f"peers-{sha256(orjson.dumps(identity, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]}"
        self.sets[name] = addresses
        return name

    def _members(self, peer: Manifest, namespace: str) -> list[PodFacts]:
        selector = peer.get("namespaceSelector")
        everywhere = self._namespaces.items()
        within = {namespace} if selector is None else {name for name, labels in everywhere if selects(selector, labels)}
        return [pod for pod in self._pods if pod.namespace in within and selects(peer.get("podSelector"), pod.labels)]


def _port_range(port: Manifest) -> PortRange:
    first = int(port.get("port") or 0)
    return PortRange(str(port.get("protocol") or "TCP"), first, int(port.get("endPort") or first))


def _resolved(port: Manifest, pod: PodFacts) -> list[PortRange]:
    """The ports of `pod` that have the name and protocol of `port`."""
    protocol = str(port.get("protocol") or "TCP")
    return [PortRange(protocol, number, number) for name, of, number in pod.ports if (name, of) == (port["port"], protocol)]


def _blocks(peers: Iterable[Manifest]) -> tuple[Block, ...]:
    blocks = [peer["ipBlock"] for peer in peers if "ipBlock" in peer]
    return tuple(sorted(Block(str(one["cidr"]), tuple(sorted(map(str, one.get("except") or ())))) for one in blocks))
