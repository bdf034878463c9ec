"""Which DestinationRule applies to (client namespace, host), and which TLS settings it gives for a port and subset.

Source: Istio model/push_context.go `destinationRule`, model/destination_rule.go (merge), facts/istio-mtls.md 2.4.
Lookup: client namespace, then the Service's namespace (what it exports), then the root namespace (what it exports); the first
with a host match wins, nothing is merged across namespaces. For a client in the root namespace the first step sees only that
namespace's private rules, so that its mesh-wide ones do not hide those of the Service's owner.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from hauberk.model.connections import ConnectionSettings
from hauberk.model.objects import ObjectRef
from hauberk.model.service import Service
from hauberk.model.traffic import EXPORT_PRIVATE, ClientTls, DestinationRule, Subset, TrafficPolicy
from hauberk.policy.selectors import exported_to, most_specific

__all__ = ["ClientTlsDecision", "DestinationRuleIndex", "MergedRule", "client_settings", "client_tls"]


@dataclass(frozen=True, slots=True)
class MergedRule:
    """All rules of one namespace, one host and one visibility, as one."""

    host: str
    export_to: tuple[str, ...]
    policy: TrafficPolicy | None
    policy_from: ObjectRef | None
    """The rule whose trafficPolicy is `policy`."""
    subsets: tuple[tuple[Subset, ObjectRef], ...]
    """Each with the rule that it comes from; of two with one name the older one stays."""

    def subset(self, name: str) -> tuple[Subset, ObjectRef] | None:
        """The subset called `name`."""
        return next((entry for entry in self.subsets if entry[0].name == name), None)


@dataclass(frozen=True, slots=True)
class ClientTlsDecision:
    """What a client does towards (host, port, subset). `settings` None leaves it to auto mTLS."""

    settings: ClientTls | None
    decided_by: ObjectRef | None = None
    path: str = ""
    """The field that decided, such as `trafficPolicy.tls`; empty where none does."""

    def __str__(self) -> str:
        """`DISABLE by DestinationRule bookinfo/details trafficPolicy.tls`, or `auto`."""
        if self.settings is None:
            return "auto"
        return f"{self.settings.mode} by {self.decided_by} {self.path}"


_Rules = Mapping[str, tuple[MergedRule, ...]]
"""By host; of one host, the oldest first."""


@dataclass(frozen=True, slots=True)
class _NamespaceRules:
    """One namespace's rules: all, those that are exported, those that are private."""

    local: _Rules = field(default_factory=dict)
    exported: _Rules = field(default_factory=dict)
    private: _Rules = field(default_factory=dict)


_NONE = _NamespaceRules()


@dataclass(frozen=True, slots=True)
class DestinationRuleIndex:
    """The rules of a mesh, merged, by namespace."""

    root_namespace: str
    namespaces: Mapping[str, _NamespaceRules] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: Iterable[DestinationRule], root_namespace: str) -> "DestinationRuleIndex":
        """Merge and index `rules`."""
        by_namespace: dict[str, list[DestinationRule]] = {}
        for rule in rules:
            by_namespace.setdefault(rule.namespace, []).append(rule)
        return cls(root_namespace, {namespace: _index_namespace(found) for namespace, found in by_namespace.items()})

    def with_namespace(self, namespace: str, rules: Iterable[DestinationRule]) -> "DestinationRuleIndex":
        """The same index with the rules of one namespace replaced."""
        return replace(self, namespaces={**self.namespaces, namespace: _index_namespace(list(rules))})

    def lookup(self, client_namespace: str, service: Service) -> MergedRule | None:
        """The rule that a client in `client_namespace` follows towards `service`."""
        own = self.namespaces.get(client_namespace, _NONE)
        found = _match(own.private if client_namespace == self.root_namespace else own.local, service.hostname)
        if found:
            return found[0]
        for owner in (service.namespace, self.root_namespace):
            exported = self._exported(owner, service.hostname, client_namespace)
            if exported is not None:
                return exported
        return None

    def _exported(self, owner: str, host: str, viewer: str) -> MergedRule | None:
        # The host is chosen before visibility is asked, as Istio does: a more specific rule that is not exported to the
        # viewer hides a wider one that is.
        found = _match(self.namespaces.get(owner, _NONE).exported, host)
        return next((rule for rule in found if exported_to(rule.export_to, owner=owner, viewer=viewer)), None)


def client_tls(rule: MergedRule | None, port: int, subset: str = "") -> ClientTlsDecision:
    """The TLS settings that `rule` gives for a Service port and subset, with the field that gave them.

    A subset's policy overrides the rule's; in each, a portLevelSettings entry for `port` stands for the whole of `tls`, so that
    one without `tls` goes back to auto mTLS.
    """
    if rule is None:
        return ClientTlsDecision(None)
    decision = _from_policy(rule.policy, rule.policy_from, port, "trafficPolicy") or ClientTlsDecision(None)
    named = rule.subset(subset) if subset else None
    if named is None or named[0].policy is None:
        return decision
    return _from_policy(named[0].policy, named[1], port, f"subsets[{subset}].trafficPolicy") or decision


def client_settings(rule: MergedRule | None, port: int, subset: str = "") -> ConnectionSettings:
    """Load balancer, pool and outlier detection for a Service port and subset.

    A subset's blocks override the rule's one by one; in each, an entry for `port` stands for all three.
    """
    if rule is None:
        return ConnectionSettings()
    wider = _settings(rule.policy, port)
    named = rule.subset(subset) if subset else None
    return _settings(named[0].policy, port).over(wider) if named is not None else wider


def _settings(policy: TrafficPolicy | None, port: int) -> ConnectionSettings:
    if policy is None:
        return ConnectionSettings()
    return dict(policy.port_settings).get(port, policy.settings)


def _from_policy(policy: TrafficPolicy | None, ref: ObjectRef | None, port: int, path: str) -> ClientTlsDecision | None:
    """None where the policy says nothing about TLS."""
    if policy is None:
        return None
    for number, settings in policy.port_tls:
        if number == port:
            return ClientTlsDecision(settings, ref, f"{path}.portLevelSettings[{port}].tls")
    return ClientTlsDecision(policy.tls, ref, f"{path}.tls") if policy.tls is not None else None


def _match(rules: _Rules, host: str) -> tuple[MergedRule, ...]:
    if host in rules:
        return rules[host]
    best = most_specific(rules, host)
    return rules[best] if best is not None else ()


def _index_namespace(rules: list[DestinationRule]) -> _NamespaceRules:
    # A rule that selects its clients comes before all that do not, and is for its own namespace alone.
    ordered = sorted(rules, key=lambda rule: (not rule.selector, rule.age_order))
    return _NamespaceRules(
        local=_merge(ordered),
        exported=_merge(rule for rule in ordered if not _is_private(rule)),
        private=_merge(rule for rule in ordered if _is_private(rule)),
    )


def _is_private(rule: DestinationRule) -> bool:
    return bool(rule.selector) or rule.export_to in {(EXPORT_PRIVATE,), (rule.namespace,)}


def _merge(rules: Iterable[DestinationRule]) -> dict[str, tuple[MergedRule, ...]]:
    """Rules of one host and equal exportTo become one, those that select clients apart; the order of `rules` (oldest first) is kept."""
    groups: dict[tuple[str, frozenset[str], bool], MergedRule] = {}
    for rule in rules:
        key = (rule.host, frozenset(rule.export_to), bool(rule.selector))
        group = groups.get(key)
        groups[key] = _start(rule) if group is None else _add(group, rule)
    merged: dict[str, tuple[MergedRule, ...]] = {}
    for group in groups.values():
        merged[group.host] = (*merged.get(group.host, ()), group)
    return merged


def _start(rule: DestinationRule) -> MergedRule:
    empty = MergedRule(rule.host, rule.export_to, None, None, ())
    return _add(empty, rule)


def _add(group: MergedRule, rule: DestinationRule) -> MergedRule:
    known = {subset.name for subset, _ in group.subsets}
    added = tuple((subset, rule.ref) for subset in rule.subsets if subset.name not in known)
    merged = replace(group, subsets=(*group.subsets, *added))
    if group.policy is None and rule.policy is not None:
        merged = replace(merged, policy=rule.policy, policy_from=rule.ref)
    return merged
