"""NetworkPolicy: columns, defaults, checks.

Source: kubernetes/kubernetes pkg/apis/networking/{v1/defaults.go,validation/validation.go}, pkg/printers/internalversion/printers.go,
k8s.io/apimachinery pkg/apis/meta/v1 FormatLabelSelector and validation.
"""

from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from hauberk.k8s.columns import AGE, NAME, NONE, dig
from hauberk.k8s.kind import Column, Manifest
from hauberk.k8s.metadata import check_labels
from hauberk.k8s.review import Review
from hauberk.k8s.syntax import label_value, port_name, port_number, qualified_name

__all__ = ["NETWORK_POLICY_COLUMNS", "check_network_policy", "complete_network_policy"]

_TYPES: Final = ("Egress", "Ingress")
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_CIDR: Final = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


# -- Columns ----------------------------------------------------------------------------------------------------------
def _pod_selector(policy: Manifest, _now: datetime) -> str:
    selector = dig(policy, "spec", "podSelector") or {}
    labels = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    return ",".join([*labels, *(_expression(one) for one in selector.get("matchExpressions") or ())]) or NONE


def _expression(expression: Manifest) -> str:
    key, values = expression.get("key", ""), ",".join(sorted(expression.get("values") or ()))
    match expression.get("operator"):
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "DoesNotExist":
            return f"!{key}"
    return str(key)


NETWORK_POLICY_COLUMNS: Final = (
    NAME,
    Column("Pod-Selector", _pod_selector, description="The pods that it is about; all of its namespace where it selects by nothing."),
    AGE,
)


# -- Defaults ---------------------------------------------------------------------------------------------------------
def complete_network_policy(policy: Manifest) -> None:
    """Fill in the types, which follow from what the policy speaks of, and the protocol of ports."""
    spec = policy.setdefault("spec", {})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        for port in rule.get("ports") or ():
            port.setdefault("protocol", "TCP")


# -- Checks -----------------------------------------------------------------------------------------------------------
def check_network_policy(policy: Manifest, review: Review) -> None:
    """Check selectors, peers, ports and types."""
    spec = policy.get("spec") or {}
    _check_selector(spec.get("podSelector"), "spec.podSelector", review)
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction) or ()):
            path = f"spec.{direction}[{index}]"
            for number, port in enumerate(rule.get("ports") or ()):
                _check_port(port, f"{path}.ports[{number}]", review)
            for number, peer in enumerate(rule.get(peers) or ()):
                _check_peer(peer, f"{path}.{peers}[{number}]", review)
    types = spec.get("policyTypes") or []
    if len(types) > len(_TYPES):
        review.invalid("spec.policyTypes", types, "may not specify more than two policyTypes")
        return
    for index, one in enumerate(types):
        if one not in _TYPES:
            review.unsupported(f"spec.policyTypes[{index}]", one, _TYPES)


def _check_port(port: Manifest, path: str, review: Review) -> None:
    if port.get("protocol", "TCP") not in _PROTOCOLS:
        review.unsupported(f"{path}.protocol", port["protocol"], _PROTOCOLS)
    value, end = port.get("port"), port.get("endPort")
    if value is None:
        if end is not None:
            review.invalid(f"{path}.endPort", end, "may not be specified when `port` is not specified")
    elif isinstance(value, str):
        if end is not None:
            review.invalid(f"{path}.endPort", end, "may not be specified when `port` is non-numeric")
        for problem in port_name(value):
            review.invalid(f"{path}.port", value, problem)
    else:
        for problem in port_number(value):
            review.invalid(f"{path}.port", value, problem)
        if end is not None:
            _check_end(value, end, f"{path}.endPort", review)


def _check_end(port: int, end: int, path: str, review: Review) -> None:
    if end < port:
        review.invalid(path, end, "must be greater than or equal to `port`")
    for problem in port_number(end):
        review.invalid(path, end, problem)


def _check_peer(peer: Manifest, path: str, review: Review) -> None:
    selectors = [field for field in ("podSelector", "namespaceSelector") if peer.get(field) is not None]
    for field in selectors:
        _check_selector(peer[field], f"{path}.{field}", review)
    block = peer.get("ipBlock")
    if block is not None:
        _check_block(block, f"{path}.ipBlock", review)
        if selectors:
            review.forbidden(path, "may not specify both ipBlock and another peer", fix="Write two peers.")
    elif not selectors:
        review.required(
            path, "must specify a peer", fix="Write podSelector, namespaceSelector or ipBlock; without the list it is everybody."
        )


def _check_block(block: Manifest, path: str, review: Review) -> None:
    if not block.get("cidr"):
        review.required(f"{path}.cidr")
        return
    outer = _network(block["cidr"])
    if outer is None:
        review.invalid(f"{path}.cidr", block["cidr"], _CIDR)
        return
    for index, text in enumerate(block.get("except") or ()):
        inner = _network(text)
        if inner is None:
            review.invalid(f"{path}.except[{index}]", text, _CIDR)
        elif not _is_strict_subset(inner, outer):
            review.invalid(f"{path}.except[{index}]", text, "must be a strict subset of `cidr`")


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False) if "/" in text else None
    except ValueError:
        return None


def _is_strict_subset(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner != outer and inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network) and inner != outer and inner.subnet_of(outer)


def _check_selector(selector: Manifest | None, path: str, review: Review) -> None:
    check_labels((selector or {}).get("matchLabels"), f"{path}.matchLabels", review)
    for index, expression in enumerate((selector or {}).get("matchExpressions") or ()):
        _check_expression(expression, f"{path}.matchExpressions[{index}]", review)


def _check_expression(expression: Manifest, path: str, review: Review) -> None:
    operator, values = expression.get("operator"), expression.get("values") or []
    if operator in ("In", "NotIn"):
        if not values:
            review.required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            review.forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    else:
        review.invalid(f"{path}.operator", operator, "not a valid selector operator")
    for problem in qualified_name(str(expression.get("key", ""))):
        review.invalid(f"{path}.key", expression.get("key"), problem)
    for number, value in enumerate(values):
        for problem in label_value(value):
            review.invalid(f"{path}.values[{number}]", value, problem)
