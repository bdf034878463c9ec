"""AuthorizationPolicy: who may do what to a workload.

Every field of a manifest's rules becomes a `Condition` of one form, so that whoever decides or builds needs no list of fields.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hauberk.model.objects import LabelPairs, ObjectRef
from hauberk.model.service import EPOCH

__all__ = ["HTTP_ATTRIBUTES", "Attribute", "AuthorizationAction", "AuthorizationPolicy", "AuthorizationRule", "Condition"]


class AuthorizationAction(StrEnum):
    """What becomes of what the rules match."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    AUDIT = "AUDIT"
    """Let it pass, and write it down."""


class Attribute(StrEnum):
    """What a condition looks at."""

    PRINCIPAL = "source.principal"
    NAMESPACE = "source.namespace"
    SERVICE_ACCOUNT = "source.serviceAccount"
    """`namespace/account`."""
    IP = "source.ip"
    REMOTE_IP = "remote.ip"
    DESTINATION_IP = "destination.ip"
    PORT = "destination.port"
    SNI = "connection.sni"
    HOST = "host"
    METHOD = "method"
    PATH = "path"
    HEADER = "request.headers"
    UNKNOWN = "unknown"
    """What we cannot tell (claims of a JWT): whoever decides has to err on the safe side."""


HTTP_ATTRIBUTES = frozenset({Attribute.HOST, Attribute.METHOD, Attribute.PATH, Attribute.HEADER})
"""What can be seen only where requests are read."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`attribute` must be one of `values` (where there are any) and none of `not_values`.

    Values are as in the manifest: exact, `prefix*`, `*suffix`, `*` for anything that is there. `key` is a header's name.
    """

    attribute: Attribute
    values: tuple[str, ...] = ()
    not_values: tuple[str, ...] = ()
    key: str = ""


Alternative = tuple[Condition, ...]
"""Conditions that must all hold."""


@dataclass(frozen=True, slots=True)
class AuthorizationRule:
    """One of `sources`, one of `operations` (an empty tuple of either: any), and all of `when`."""

    sources: tuple[Alternative, ...] = ()
    operations: tuple[Alternative, ...] = ()
    when: Alternative = ()


@dataclass(frozen=True, slots=True)
class AuthorizationPolicy:
    """One policy. An empty `selector` (sorted pairs) means the whole namespace; in the root namespace both reach the whole mesh."""

    namespace: str
    name: str
    action: AuthorizationAction = AuthorizationAction.ALLOW
    selector: LabelPairs = ()
    rules: tuple[AuthorizationRule, ...] = ()
    created: datetime = EPOCH

    @property
    def ref(self) -> ObjectRef:
        """The AuthorizationPolicy."""
        return ObjectRef("AuthorizationPolicy", self.namespace, self.name)
