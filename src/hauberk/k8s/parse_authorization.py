"""AuthorizationPolicy -> AuthorizationPolicy."""

from typing import Final

from hauberk.errors import ConfigError
from hauberk.k8s.fields import created_of, items, label_pairs, mapping, strings, text
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.model.authorization import Attribute, AuthorizationAction, AuthorizationPolicy, AuthorizationRule, Condition

__all__ = ["WHEN_KEYS", "parse_authorization_policy"]

_SOURCE: Final = {
    "principals": Attribute.PRINCIPAL,
    "namespaces": Attribute.NAMESPACE,
    "serviceAccounts": Attribute.SERVICE_ACCOUNT,
    "ipBlocks": Attribute.IP,
    "remoteIpBlocks": Attribute.REMOTE_IP,
    "requestPrincipals": Attribute.UNKNOWN,
}
_OPERATION: Final = {"hosts": Attribute.HOST, "ports": Attribute.PORT, "methods": Attribute.METHOD, "paths": Attribute.PATH}
WHEN_KEYS: Final = {
    attribute.value: attribute
    for attribute in (
        Attribute.PRINCIPAL,
        Attribute.NAMESPACE,
        Attribute.SERVICE_ACCOUNT,
        Attribute.IP,
        Attribute.REMOTE_IP,
        Attribute.DESTINATION_IP,
        Attribute.PORT,
        Attribute.SNI,
    )
}
"""Keys of `when` besides `request.headers[NAME]` that are decided; others are Attribute.UNKNOWN."""


def parse_authorization_policy(manifest: Manifest) -> AuthorizationPolicy:
    """The policy. Raises: ConfigError - an action that we do not have (CUSTOM)."""
    spec = mapping(manifest, "spec")
    action = text(spec, "action") or AuthorizationAction.ALLOW.value
    if action not in AuthorizationAction.__members__:
        raise ConfigError(f'spec.action: "{action}" is not implemented. Write ALLOW, DENY or AUDIT.')
    namespace = namespace_of(manifest)
    return AuthorizationPolicy(
        namespace=namespace,
        name=name_of(manifest),
        action=AuthorizationAction(action),
        selector=label_pairs(spec, "selector", "matchLabels"),
        rules=tuple(_rule(rule, namespace) for rule in items(spec, "rules")),
        created=created_of(manifest),
    )


def _rule(rule: Manifest, namespace: str) -> AuthorizationRule:
    return AuthorizationRule(
        sources=tuple(_alternative(mapping(entry, "source"), _SOURCE, namespace) for entry in items(rule, "from")),
        operations=tuple(_alternative(mapping(entry, "operation"), _OPERATION, namespace) for entry in items(rule, "to")),
        when=tuple(_when(entry, namespace) for entry in items(rule, "when")),
    )


def _alternative(fields: Manifest, known: dict[str, Attribute], namespace: str) -> tuple[Condition, ...]:
    conditions: list[Condition] = []
    for name, attribute in known.items():
        negated = f"not{name[0].upper()}{name[1:]}"
        values, not_values = strings(fields, name), strings(fields, negated)
        if values or not_values:
            conditions.append(_condition(attribute, values, not_values, namespace=namespace))
    return tuple(conditions)


def _when(entry: Manifest, namespace: str) -> Condition:
    key = text(entry, "key")
    values, not_values = strings(entry, "values"), strings(entry, "notValues")
    header = key.removeprefix("request.headers[")
    if header != key and header.endswith("]"):
        return Condition(Attribute.HEADER, values, not_values, key=header[:-1])
    return _condition(WHEN_KEYS.get(key, Attribute.UNKNOWN), values, not_values, namespace=namespace)


def _condition(attribute: Attribute, values: tuple[str, ...], not_values: tuple[str, ...], *, namespace: str) -> Condition:
    if attribute is Attribute.SERVICE_ACCOUNT:  # a bare name is of the policy's own namespace
        values, not_values = (tuple(v if "/" in v else f"{namespace}/{v}" for v in found) for found in (values, not_values))
    return Condition(attribute, values, not_values)
