"""AuthorizationPolicy: who may do what to a workload. Implemented: ALLOW, DENY and AUDIT; all but what a JWT says.

Source: istio/api security/v1beta1/authorization_policy.proto; istio pkg/config/validation, pilot/pkg/security/authz.
"""

import re
from collections.abc import Iterable
from typing import Final, Literal

from pydantic import Field

from hauberk.k8s.istio.hosts import is_cidr
from hauberk.k8s.istio.peer_authentication import WorkloadSelector
from hauberk.k8s.kind import Manifest
from hauberk.k8s.models import LaterList, LaterObject, Part
from hauberk.k8s.parse_authorization import WHEN_KEYS
from hauberk.k8s.review import Review

__all__ = ["AuthorizationPolicySpec", "check_authorization_policy"]

_HEADER_KEY: Final = re.compile(r"request\.headers\[[^\0\r\n]+\]")
_CODE: Final = "HBK0111"
_FIX: Final = "Write ALLOW, DENY or AUDIT."


class Source(Part):
    """Conditions on the caller, which must all hold."""

    principals: list[str] | None = None
    """Identities from the client's certificate: `cluster.local/ns/default/sa/reader`, `prefix*`, `*suffix` or `*`."""
    not_principals: list[str] | None = None
    """Identities that it must not have."""
    request_principals: LaterList = None
    not_request_principals: LaterList = None
    namespaces: list[str] | None = None
    """Namespaces of the client's identity."""
    not_namespaces: list[str] | None = None
    """Namespaces that it must not have."""
    service_accounts: list[str] | None = None
    """Service accounts, `name` or `namespace/name`."""
    not_service_accounts: list[str] | None = None
    """Service accounts that it must not have."""
    ip_blocks: list[str] | None = None
    """Addresses or CIDR blocks that the connection comes from."""
    not_ip_blocks: list[str] | None = None
    """Blocks that it must not come from."""
    remote_ip_blocks: list[str] | None = None
    """Addresses or CIDR blocks of the original client, as X-Forwarded-For or PROXY protocol say."""
    not_remote_ip_blocks: list[str] | None = None
    """Blocks that it must not come from."""


class Operation(Part):
    """Conditions on what is asked for, which must all hold."""

    hosts: list[str] | None = None
    """Hosts of requests; HTTP only."""
    not_hosts: list[str] | None = None
    """Hosts that it must not be."""
    ports: list[str] | None = None
    """Ports of the workload."""
    not_ports: list[str] | None = None
    """Ports that it must not be."""
    methods: list[str] | None = None
    """Methods of requests; HTTP only."""
    not_methods: list[str] | None = None
    """Methods that it must not be."""
    paths: list[str] | None = None
    """Paths of requests, also as templates (`/users/{*}/x`); HTTP only."""
    not_paths: list[str] | None = None
    """Paths that it must not be."""


class RuleFrom(Part):
    """A source."""

    source: Source | None = None
    """Conditions on the caller."""


class RuleTo(Part):
    """An operation."""

    operation: Operation | None = None
    """Conditions on what is asked for."""


class RuleCondition(Part):
    """A further condition."""

    key: str
    """What it looks at: `request.headers[NAME]`, `source.ip`, `destination.port`, `connection.sni`, ..."""
    values: list[str] | None = None
    """Values of which it must have one."""
    not_values: list[str] | None = None
    """Values of which it must have none."""


class Rule(Part):
    """What is allowed, denied or audited: one of the sources, one of the operations, and all conditions."""

    from_: list[RuleFrom] | None = Field(default=None, alias="from")
    """Callers; without it any."""
    to: list[RuleTo] | None = None
    """Operations; without it any."""
    when: list[RuleCondition] | None = None
    """Further conditions."""


class AuthorizationPolicySpec(Part):
    """Who may do what to a workload."""

    selector: WorkloadSelector | None = None
    """The workloads meant; without it the whole namespace, in the root namespace the whole mesh."""
    target_ref: LaterObject = None
    target_refs: LaterList = None
    rules: list[Rule] | None = None
    """What is matched; ALLOW without rules allows nothing."""
    action: Literal["ALLOW", "DENY", "AUDIT", "CUSTOM"] | None = None
    """ALLOW (the default), DENY, or AUDIT, which only writes down."""
    provider: LaterObject = None


def check_authorization_policy(obj: Manifest, review: Review) -> None:
    """Check what spans fields, with Istio's texts."""
    spec = AuthorizationPolicySpec.model_validate(obj.get("spec") or {})
    if spec.action == "CUSTOM":
        review.invalid("spec.action", "CUSTOM", "external authorizers are not implemented yet", code="HBK0112", fix=_FIX)
    if spec.action in ("DENY", "AUDIT") and not spec.rules:
        review.warn("HBK0113", "spec.rules", f"{spec.action} without rules matches nothing.", "Add a rule; `- {}` matches everything.")
    for index, rule in enumerate(spec.rules or ()):
        _check_rule(rule, f"spec.rules[{index}]", review)


def _check_rule(rule: Rule, path: str, review: Review) -> None:
    for name, entries, word in (("from", rule.from_, "source"), ("to", rule.to, "operation")):
        if entries is not None and not entries:
            review.invalid(f"{path}.{name}", [], f"`{name}` cannot be empty", code=_CODE)
        for index, entry in enumerate(entries or ()):
            where, part = f"{path}.{name}[{index}].{word}", getattr(entry, word)
            if part is None or not any(part.__dict__.values()):
                review.invalid(where, {}, f"`{name}.{word}` cannot be empty", code=_CODE, fix="Add a condition, or take the entry out.")
            else:
                _check_fields(part, where, review)
    for index, condition in enumerate(rule.when or ()):
        _check_condition(condition, f"{path}.when[{index}]", review)


def _check_fields(part: Part, path: str, review: Review) -> None:
    for name, values in part.__dict__.items():
        where = f"{path}.{type(part).model_fields[name].alias}"
        if "ports" in name:
            _check_ports(values or (), where, review)
        elif "ip_blocks" in name:
            _check_blocks(values or (), where, review)
        for index, value in enumerate(values or ()):
            if value == "":
                review.invalid(f"{where}[{index}]", value, "value cannot be empty", code=_CODE)
            elif isinstance(value, str) and value.startswith("spiffe://"):
                fix = f"Write {value.removeprefix('spiffe://')}."
                review.invalid(f"{where}[{index}]", value, "starts with spiffe://, which is not part of the value", code=_CODE, fix=fix)


def _check_condition(condition: RuleCondition, path: str, review: Review) -> None:
    if not condition.values and not condition.not_values:
        review.required(f"{path}.values", "at least one of `values`, `notValues` must be set", code=_CODE)
    both = (*(condition.values or ()), *(condition.not_values or ()))
    if condition.key == "destination.port":
        _check_ports(both, f"{path}.values", review)
    elif condition.key in ("source.ip", "remote.ip", "destination.ip"):
        _check_blocks(both, f"{path}.values", review)
    if condition.key.startswith(("request.auth.", "experimental.")):
        message = "not implemented yet: an ALLOW rule with it matches nothing, a DENY rule matches as if it were not there."
        review.warn("HBK0290", f"{path}.key", message, "Do without it.")
    elif condition.key not in WHEN_KEYS and not _HEADER_KEY.fullmatch(condition.key):
        review.invalid(f"{path}.key", condition.key, "unknown attribute", code=_CODE)


def _check_ports(ports: Iterable[str], path: str, review: Review) -> None:
    for port in ports:
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            review.invalid(path, port, "port must be in range 1..65535", code=_CODE)


def _check_blocks(blocks: Iterable[str], path: str, review: Review) -> None:
    for block in blocks:
        if not is_cidr(block):
            review.invalid(path, block, "is no IP address or CIDR block", code=_CODE)
