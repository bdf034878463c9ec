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
Where the response held more than one resource and Envoy's text does not say which it refused, the response is cut in halves
and sent again, down to the bad one: of endpoints, routes and virtual hosts Envoy drops the good ones with the bad one.

Source: xDS protocol, "Incremental xDS"; go-control-plane pkg/server/stream/v3/subscription.go. No I/O, no clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from hauberk import names
from hauberk.xds.plan import EMPTY_SENT, PlanMemo, Position, Resource, Resources, covered, expand

__all__ = [
    "Acked",
    "Changed",
    "Effect",
    "Event",
    "Nacked",
    "Request",
    "Send",
    "Stream",
    "Subscription",
    "step",
]

WILDCARD = "*"
_NO_SUBSCRIPTIONS: Mapping[str, "Subscription"] = MappingProxyType({})
_MADE_FIRST = (names.TYPE_CLUSTER, names.TYPE_ENDPOINT)
_TAKEN_ONE_BY_ONE = (names.TYPE_CLUSTER, names.TYPE_LISTENER)
"""Types of which Envoy takes the good ones of a response that it refuses, and says in its text which it did not."""


# -- State ------------------------------------------------------------------------------------------------------------
# Tuples, since each message makes new ones and a tuple is copied in C: `dataclasses.replace` was 7 % of the server's CPU.
class Subscription(NamedTuple):
    """What the proxy asked for of one type, and what it was sent.

    `sent` maps names to versions; it is shared between proxies, and replaced when it changes.
    `pending` are names to compare at the next response, of which `forced` are sent even where the version is the same.
    `greet` asks for one response even if it is empty, for which Envoy waits before it goes on.
    `batches` are parts of a refused response that are still to be sent again, each by itself, before anything else.
    """

    wildcard: bool = False
    names: frozenset[str] = frozenset()
    sent: Mapping[str, str] = EMPTY_SENT
    pending: frozenset[str] = frozenset()
    forced: frozenset[str] = frozenset()
    greet: bool = True
    unanswered: str | None = None
    """Nonce of the response that waits for its ack."""
    carried: frozenset[str] = frozenset()
    """Names of the resources in that response."""
    batches: tuple[frozenset[str], ...] = ()


class Stream(NamedTuple):
    """One proxy's stream: its subscriptions by type URL, and how many responses it got."""

    subscriptions: Mapping[str, Subscription] = _NO_SUBSCRIPTIONS
    responses: int = 0

    @property
    def settled(self) -> bool:
        """Whether everything was sent and answered."""
        return not any(one.unanswered or one.pending or one.greet or one.batches for one in self.subscriptions.values())


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
    """The proxy took the response with this nonce; `names` are the resources in it."""

    type_url: str
    nonce: str
    names: frozenset[str] = field(default=frozenset(), compare=False)


@dataclass(frozen=True, slots=True)
class Nacked:
    """The proxy refused (part of) the response with this nonce; `message` is its own text.

    `names` are the resources that it refused; empty while that is still being found out.
    """

    type_url: str
    nonce: str
    message: str
    names: frozenset[str] = field(default=frozenset(), compare=False)


Effect = Send | Acked | Nacked


def step(stream: Stream, event: Event, resources: Resources, memo: PlanMemo | None = None) -> tuple[Stream, tuple[Effect, ...]]:
    """The next state, and what to tell and send, in order; `resources` are the proxy's as they are after the event."""
    memo = memo if memo is not None else PlanMemo()
    if isinstance(event, Changed):
        return _send(_mark(stream, event), resources, memo)
    stream, answer = _answered(stream, event)
    before = stream.subscriptions.get(event.type_url)
    after = _begun(event, resources, memo) if before is None else _subscribed(before, event, resources, memo)
    stream, sends = _send(_with(stream, event.type_url, after), resources, memo)
    return stream, (*answer, *sends)


def _with(stream: Stream, type_url: str, subscription: Subscription) -> Stream:
    if stream.subscriptions.get(type_url) is subscription:
        return stream
    return stream._replace(subscriptions={**stream.subscriptions, type_url: subscription})


def _mark(stream: Stream, event: Changed) -> Stream:
    for type_url, changed in event.names.items():
        one = stream.subscriptions.get(type_url)
        if one is not None:
            wanted = changed if one.wildcard else covered(type_url, one.names, changed)
            if wanted:
                stream = _with(stream, type_url, one._replace(pending=one.pending | wanted if one.pending else wanted))
    return stream


def _answered(stream: Stream, event: Request) -> tuple[Stream, tuple[Effect, ...]]:
    one = stream.subscriptions.get(event.type_url)
    if one is None or not event.nonce or event.nonce != one.unanswered:
        return stream, ()  # a nonce of an earlier response or stream says nothing about this one
    answered = one._replace(unanswered=None, carried=frozenset())
    if event.error is None:
        return _with(stream, event.type_url, answered), (Acked(event.type_url, event.nonce, one.carried),)
    refused = _refused(event.type_url, one.carried, event.error)
    if not refused and one.carried:
        ordered = sorted(one.carried)
        middle = len(ordered) // 2
        answered = answered._replace(batches=(frozenset(ordered[:middle]), frozenset(ordered[middle:]), *one.batches))
    return _with(stream, event.type_url, answered), (Nacked(event.type_url, event.nonce, event.error, refused),)


def _refused(type_url: str, carried: frozenset[str], message: str) -> frozenset[str]:
    """Which resources of a refused response are bad, empty where that cannot be said yet."""
    if len(carried) == 1:
        return carried
    if type_url not in _TAKEN_ONE_BY_ONE:
        return frozenset()
    return frozenset(name for name in carried if f" {name}:" in message)


def _begun(event: Request, resources: Resources, memo: PlanMemo) -> Subscription:
    asked = memo.shared_names(name for name in event.subscribe if name != WILDCARD)
    wanted = expand(event.type_url, asked, resources)
    # The "legacy wildcard": a first request that names nothing wants everything.
    wildcard = not event.subscribe or WILDCARD in event.subscribe
    had: Mapping[str, str] = event.initial_versions
    if had and not wildcard:
        still = covered(event.type_url, asked, had)
        had = {name: version for name, version in had.items() if name in still}
    if wildcard:
        wanted |= memo.all_names(event.type_url, resources)
    pending = memo.shared_names(wanted | had.keys())
    forced = memo.shared_names(expand(event.type_url, asked, resources) - had.keys())
    return Subscription(wildcard, asked, sent=memo.shared_versions(had), pending=pending, forced=forced)


def _subscribed(one: Subscription, event: Request, resources: Resources, memo: PlanMemo) -> Subscription:
    if not event.subscribe and not event.unsubscribe:
        return one
    added, dropped = frozenset(event.subscribe), frozenset(event.unsubscribe)
    wildcard = (one.wildcard or WILDCARD in added) and WILDCARD not in dropped
    everything = memo.all_names(event.type_url, resources) if WILDCARD in added else frozenset()
    asked, unasked = added - {WILDCARD}, dropped - {WILDCARD}
    known = memo.with_names(one.names, asked)
    if unasked:
        known = memo.shared_names(known - unasked)
    wanted = expand(event.type_url, asked, resources)
    if wildcard:
        # The proxy cannot know whether the wildcard still covers what it dropped, so it is told.
        wanted |= unasked
        return one._replace(wildcard=True, names=known, pending=one.pending | wanted | everything, forced=one.forced | wanted)
    pending, forced = one.pending | wanted, one.forced | wanted
    if one.wildcard == wildcard and not unasked:
        return one._replace(names=known, pending=pending, forced=forced)
    still = covered(event.type_url, known, one.sent)
    kept = one.sent if len(still) == len(one.sent) else {name: version for name, version in one.sent.items() if name in still}
    return one._replace(
        wildcard=False,
        names=known,
        sent=memo.shared_versions(kept) if kept is not one.sent else kept,
        pending=covered(event.type_url, known, pending),
        forced=covered(event.type_url, known, forced),
    )


def _send(stream: Stream, resources: Resources, memo: PlanMemo) -> tuple[Stream, tuple[Send, ...]]:
    """Everything that may go out now, stage by stage (see the module's docstring)."""
    if not any(one.pending or one.greet or one.batches for one in stream.subscriptions.values()):
        return stream, ()
    sends: list[Send] = []
    later = [type_url for type_url in stream.subscriptions if type_url not in _MADE_FIRST]
    later.sort(key=lambda type_url: type_url != names.TYPE_LISTENER)  # a listener names its routes
    for types, removals in ((_MADE_FIRST, False), (later, True), (_MADE_FIRST, True)):
        for type_url in types:
            stream, send = _respond(stream, type_url, resources, memo, removals=removals)
            if send is not None:
                sends.append(send)
                stream = _rewarm(stream, send)
        if any(stream.subscriptions[type_url].unanswered for type_url in types if type_url in stream.subscriptions):
            break
    return stream, tuple(sends)


def _respond(stream: Stream, type_url: str, resources: Resources, memo: PlanMemo, *, removals: bool) -> tuple[Stream, Send | None]:
    one = stream.subscriptions.get(type_url)
    if one is None or one.unanswered or not (one.pending or one.greet or one.batches):
        return stream, None
    if one.batches:
        batch, *rest = one.batches
        plan = memo.plan(Position(type_url, one.sent, batch, batch, removals=True), resources)
        one = one._replace(batches=tuple(rest), pending=one.pending - batch, forced=one.forced - batch)
    else:
        plan = memo.plan(Position(type_url, one.sent, one.pending, one.forced, removals), resources)
        one = one._replace(pending=plan.kept, forced=frozenset())
    if not (plan.written or plan.removed or one.greet):
        return _with(stream, type_url, one), None
    nonce = str(stream.responses + 1)
    one = one._replace(sent=plan.sent, greet=False, unanswered=nonce, carried=plan.carried)
    stream = _with(stream, type_url, one)._replace(responses=stream.responses + 1)
    return stream, Send(type_url, nonce, plan.written, plan.removed)


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
    return _with(stream, names.TYPE_ENDPOINT, endpoints._replace(pending=endpoints.pending | again, forced=endpoints.forced | again))
