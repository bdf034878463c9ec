"""What each proxy was sent and what it answered, type by type: the record behind /debug/syncz."""

from dataclasses import dataclass, field
from datetime import datetime

from hauberk import names
from hauberk.xds.delta import Acked, Effect, Nacked, Send

__all__ = ["ProxyLedger", "TypeLedger"]

_SHORT_NAMES = {
    names.TYPE_CLUSTER: "CDS",
    names.TYPE_ENDPOINT: "EDS",
    names.TYPE_LISTENER: "LDS",
    names.TYPE_ROUTE: "RDS",
    names.TYPE_VIRTUAL_HOST: "VHDS",
    names.TYPE_SECRET: "SDS",
}


@dataclass(slots=True)
class TypeLedger:
    """The last exchange of one type. Versions number the states of the mesh's view; empty and None: not yet."""

    sent_version: str = ""
    sent_at: datetime | None = None
    acked_version: str = ""
    acked_at: datetime | None = None
    answered_version: str = ""
    """Acked or refused: a refusal is an answer too, what else was in the response has been taken or comes again."""
    refused: dict[str, str] = field(default_factory=dict)
    """The proxy's own words by resource, until it takes another state of that resource."""
    unsure: str = ""
    """Its words about a response of which it is still being found out what in it is bad."""
    nacked_version: str = ""
    nacked_at: datetime | None = None

    def record(self, effect: Effect, *, version: str, now: datetime) -> None:
        """Note what was sent or answered; there is one response under way at most, so an answer is about the last one."""
        match effect:
            case Send():
                self.sent_version, self.sent_at = version, now
                self.refused = {name: words for name, words in self.refused.items() if name not in effect.removed}
            case Acked():
                self.acked_version, self.acked_at, self.unsure = self.sent_version, now, ""
                self.answered_version = self.sent_version
                if self.refused:
                    self.refused = {name: words for name, words in self.refused.items() if name not in effect.names}
            case Nacked():
                self.nacked_version, self.nacked_at, self.unsure = self.sent_version, now, "" if effect.names else effect.message
                self.refused |= dict.fromkeys(effect.names, effect.message)
                self.answered_version = self.sent_version

    @property
    def nack(self) -> str:
        """The proxy's words about what it refuses, empty where it has taken everything."""
        return self.unsure or "; ".join(dict.fromkeys(self.refused.values()))

    @property
    def state(self) -> str:
        """SYNCED, STALE (sent, not answered), ERROR (refused) or NOT SENT: istioctl proxy-status' words."""
        if self.nack:
            return "ERROR"
        if not self.sent_version:
            return "NOT SENT"
        return "SYNCED" if self.sent_version == self.answered_version else "STALE"


@dataclass(slots=True)
class ProxyLedger:
    """The record of one connection."""

    proxy: str
    """Its node id."""
    identity: str
    connected_at: datetime
    types: dict[str, TypeLedger] = field(default_factory=dict)

    def record(self, effect: Effect, *, version: str, now: datetime) -> None:
        """Note an effect of the stream that happened at `now` while the view was at `version`."""
        self.types.setdefault(effect.type_url, TypeLedger()).record(effect, version=version, now=now)

    def to_dict(self) -> dict[str, object]:
        """The record as JSON values; times in RFC 3339."""
        return {
            "proxy": self.proxy,
            "identity": self.identity,
            "connected": self.connected_at.isoformat(),
            "types": {_SHORT_NAMES.get(type_url, type_url): _type_to_dict(one) for type_url, one in self.types.items()},
        }


def _type_to_dict(one: TypeLedger) -> dict[str, object]:
    told: dict[str, object] = {
        "state": one.state,
        "sent": one.sent_version,
        "sentAt": one.sent_at.isoformat() if one.sent_at else None,
        "acked": one.acked_version,
        "ackedAt": one.acked_at.isoformat() if one.acked_at else None,
    }
    if one.nack:
        told |= {
            "nack": one.nack,
            "refused": sorted(one.refused),
            "nacked": one.nacked_version,
            "nackedAt": one.nacked_at.isoformat() if one.nacked_at else None,
        }
    return told
