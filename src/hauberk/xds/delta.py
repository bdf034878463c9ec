"""The delta xDS protocol of one stream, as a machine: requests and changes in, responses out.

For each type a proxy subscribes to names or to all (wildcard), and the machine remembers which version of each resource it
sent. A change only marks names as pending; whenever nothing stands in the way, what is pending is compared with what was
sent, and the difference goes out as one response. While a response is unanswered its type waits, so changes coalesce
under load and go out at once when idle, without a debounce.

Make before break: within a stream clusters and endpoints go first, listeners and routes once those are answered, and
clusters are removed last, when no route points at them any more.

    stage 0   clusters and endpoints, added and changed
    stage 1   listeners and routes, and every other type
    stage 2   clusters and endpoints, removed

Envoy asks for a new cluster's endpoints before it acks the cluster (seen with 1.40), so stage 1 waits for those too.

A NACK counts as an answer: the refused version stays noted as sent, and so is not sent again until the resource changes.

Source: xDS protocol, "Incremental xDS"; go-control-plane pkg/server/stream/v3/subscription.go. No I/O, no clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from hauberk import names

__all__ = [
    "Acked",
    "Changed",
    "Effect",
    "Event",
    "Nacked",
    "Request",
    "Resource",
    "Resources",
    "Send",
    "Stream",
    "Subscription",
    "step",
]

WILDCARD = "*"
_MADE_FIRST = (names.TYPE_CLUSTER, names.TYPE_ENDPOINT)


class Resource(Protocol):
    """A resource as proxies get it; `encoded` is its wire form, the same bytes for all of them.

    `version` is a digest of the content, so that it means the same after a restart of the server.
    """

    @property
    def name(self) -> str:
        """Unique in its type."""

    @property
    def version(self) -> str:
        """Equal for equal content."""

    @property
    def encoded(self) -> bytes:
        """The serialised envoy.service.discovery.v3.Resource."""


class Resources(Protocol):
    """What one proxy should have, as it is now."""

    def get(self, type_url: str, name: str) -> Resource | None:
        """The resource, None where the proxy should not have it."""

    def names(self, type_url: str) -> Iterable[str]:
        """All names that a wildcard of this type stands for."""


# -- State ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Subscription:
    """What the proxy asked for of one type, and what it was sent.

    `sent` maps names to versions; it is copied when it changes, some microseconds for a thousand names.
    `pending` are names to compare at the next response, of which `forced` are sent even where the version is the same.
    `greet` asks for one response even if it is empty, for which Envoy waits before it goes on.
    """

    wildcard: bool = False
    names: frozenset[str] = frozenset()
    sent: Mapping[str, str] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    forced: frozenset[str] = frozenset()
    greet: bool = True
    unanswered: str | None = None
    """Nonce of the response that waits for its ack."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One proxy's stream: its subscriptions by type URL, and how many responses it got."""

    subscriptions: Mapping[str, Subscription] = field(default_factory=dict)
    responses: int = 0

    @property
    def settled(self) -> bool:
        """Whether everything was sent and answered."""
        return not any(one.unanswered or one.pending or one.greet for one in self.subscriptions.values())


# -- Events -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Request:
    """A DeltaDiscoveryRequest. With a `nonce` it answers a response: a NACK where `error` (Envoy's text) is set.

    `initial_versions` come with the first request of a type after a reconnect: what the proxy still has.
    """

    type_url: str
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    initial_versions: Mapping[str, str] = field(default_factory=dict)
    nonce: str = ""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """Resources of these names, by type URL, may have been added, changed or removed for this proxy."""

    names: Mapping[str, frozenset[str]]


Event = Request | Changed


# -- Effects ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Send:
    """One DeltaDiscoveryResponse."""

    type_url: str
    nonce: str
    resources: tuple[Resource, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Acked:
    """The proxy took the response with this nonce."""

    type_url: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Nacked:
    """The proxy refused (part of) the response with this nonce; `message` is its own text."""

    type_url: str
    nonce: str
    message: str


Effect = Send | Acked | Nacked


def step(stream: Stream, event: Event, resources: Resources) -> tuple[Stream, tuple[Effect, ...]]:
    """The next state, and what to tell and send, in order; `resources` are the proxy's as they are after the event."""
    if isinstance(event, Changed):
        return _send(_mark(stream, event), resources)
    stream, answer = _answered(stream, event)
    before = stream.subscriptions.get(event.type_url)
    after = _begun(event, resources) if before is None else _subscribed(before, event, resources)
    stream, sends = _send(_with(stream, event.type_url, after), resources)
    return stream, (*answer, *sends)


def _with(stream: Stream, type_url: str, subscription: Subscription) -> Stream:
    return replace(stream, subscriptions={**stream.subscriptions, type_url: subscription})


def _mark(stream: Stream, event: Changed) -> Stream:
    for type_url, changed in event.names.items():
        one = stream.subscriptions.get(type_url)
        if one is not None:
            wanted = changed if one.wildcard else changed & one.names
            stream = _with(stream, type_url, replace(one, pending=one.pending | wanted))
    return stream


def _answered(stream: Stream, event: Request) -> tuple[Stream, tuple[Effect, ...]]:
    one = stream.subscriptions.get(event.type_url)
    if one is None or not event.nonce or event.nonce != one.unanswered:
        return stream, ()  # a nonce of an earlier response or stream says nothing about this one
    stream = _with(stream, event.type_url, replace(one, unanswered=None))
    if event.error is None:
        return stream, (Acked(event.type_url, event.nonce),)
    return stream, (Nacked(event.type_url, event.nonce, event.error),)


def _begun(event: Request, resources: Resources) -> Subscription:
    asked = frozenset(event.subscribe) - {WILDCARD}
    # The "legacy wildcard": a first request that names nothing wants everything.
    wildcard = not event.subscribe or WILDCARD in event.subscribe
    had = {name: version for name, version in event.initial_versions.items() if wildcard or name in asked}
    everything = frozenset(resources.names(event.type_url)) if wildcard else frozenset()
    return Subscription(wildcard, asked, sent=had, pending=asked | everything | had.keys(), forced=asked - had.keys())


def _subscribed(one: Subscription, event: Request, resources: Resources) -> Subscription:
    added, dropped = frozenset(event.subscribe), frozenset(event.unsubscribe)
    if not added and not dropped:
        return one
    wildcard = (one.wildcard or WILDCARD in added) and WILDCARD not in dropped
    everything = frozenset(resources.names(event.type_url)) if WILDCARD in added else frozenset()
    asked, unasked = added - {WILDCARD}, dropped - {WILDCARD}
    known = (one.names | asked) - unasked
    if wildcard:
        # The proxy cannot know whether the wildcard still covers what it dropped, so it is told.
        asked |= unasked
        return replace(one, wildcard=True, names=known, pending=one.pending | asked | everything, forced=one.forced | asked)
    return replace(
        one,
        wildcard=False,
        names=known,
        sent={name: version for name, version in one.sent.items() if name in known},
        pending=(one.pending | asked) & known,
        forced=(one.forced | asked) & known,
    )


def _send(stream: Stream, resources: Resources) -> tuple[Stream, tuple[Send, ...]]:
    """Everything that may go out now, stage by stage (see the module's docstring)."""
    sends: list[Send] = []
    later = [type_url for type_url in stream.subscriptions if type_url not in _MADE_FIRST]
    later.sort(key=lambda type_url: type_url != names.TYPE_LISTENER)  # a listener names its routes
    for types, removals in ((_MADE_FIRST, False), (later, True), (_MADE_FIRST, True)):
        for type_url in types:
            stream, send = _respond(stream, type_url, resources, removals=removals)
            if send is not None:
                sends.append(send)
                stream = _rewarm(stream, send)
        if any(stream.subscriptions[type_url].unanswered for type_url in types if type_url in stream.subscriptions):
            break
    return stream, tuple(sends)


def _respond(stream: Stream, type_url: str, resources: Resources, *, removals: bool) -> tuple[Stream, Send | None]:
    one = stream.subscriptions.get(type_url)
    if one is None or one.unanswered or not (one.pending or one.greet):
        return stream, None
    written: list[Resource] = []
    removed: list[str] = []
    kept: set[str] = set()
    for name in sorted(one.pending):
        resource = resources.get(type_url, name)
        forced = name in one.forced
        if resource is not None:
            if forced or one.sent.get(name) != resource.version:
                written.append(resource)
        elif forced or (removals and name in one.sent):
            removed.append(name)
        elif name in one.sent:
            kept.add(name)
    one = replace(one, pending=frozenset(kept), forced=frozenset())
    if not (written or removed or one.greet):
        return _with(stream, type_url, one), None
    nonce = str(stream.responses + 1)
    sent = {**one.sent, **{resource.name: resource.version for resource in written}}
    for name in removed:
        sent.pop(name, None)
    one = replace(one, sent=sent, greet=False, unanswered=nonce)
    stream = replace(_with(stream, type_url, one), responses=stream.responses + 1)
    return stream, Send(type_url, nonce, tuple(written), tuple(removed))


def _rewarm(stream: Stream, send: Send) -> Stream:
    """Send endpoints again beside a cluster that changed: Envoy warms it anew, and does not ask for what it already has.

    As in Istio, a cluster's load assignment has the cluster's name.
    """
    endpoints = stream.subscriptions.get(names.TYPE_ENDPOINT)
    if send.type_url != names.TYPE_CLUSTER or endpoints is None:
        return stream
    again = frozenset(resource.name for resource in send.resources) & endpoints.names
    if not again:
        return stream
    return _with(stream, names.TYPE_ENDPOINT, replace(endpoints, pending=endpoints.pending | again, forced=endpoints.forced | again))
