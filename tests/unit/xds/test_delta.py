"""What holds for every stream; the exchanges themselves, line by line, are in tests/stream/test_delta_scripts.py."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hauberk import names
from hauberk.xds.delta import Changed, Effect, Request, Send, Stream, Subscription, step
from tests.unit.xds.world import World

CDS = names.TYPE_CLUSTER


@pytest.mark.parametrize(
    ("subscription", "settled"),
    [
        (Subscription(greet=False), True),
        (Subscription(), False),
        (Subscription(greet=False, unanswered="1"), False),
        (Subscription(greet=False, pending=frozenset({"a"})), False),
    ],
)
def test_a_stream_is_settled_once_everything_was_sent_and_answered(subscription: Subscription, settled: bool) -> None:
    assert Stream({CDS: subscription}).settled is settled


def test_a_step_leaves_the_state_before_it_as_it_was() -> None:
    world = World({CDS: {"a": "1"}})
    before, _ = step(Stream(), Request(CDS), world)
    kept = dict(before.subscriptions)
    step(before, Request(CDS, nonce="1"), world)
    assert before.subscriptions == kept


# -- Whatever happens, the proxy ends with what it should have ---------------------------------------------------------
@dataclass
class Envoy:
    """A client that keeps what it is sent and answers everything, sometimes with a NACK."""

    clusters: dict[str, str] = field(default_factory=dict)
    unanswered: list[Send] = field(default_factory=list)

    def take(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                assert not any(one.type_url == effect.type_url for one in self.unanswered), "two responses of a type under way"
                self.unanswered.append(effect)

    def answer(self) -> Request:
        response = self.unanswered.pop(0)
        self.clusters.update((resource.name, resource.version) for resource in response.resources)
        for name in response.removed:
            self.clusters.pop(name, None)
        return Request(response.type_url, nonce=response.nonce)


ACTIONS = st.one_of(
    st.tuples(st.just("change"), st.dictionaries(st.sampled_from("abcd"), st.sampled_from("123") | st.none(), min_size=1)),
    st.just(("answer", {})),
    st.just(("reconnect", {})),
)


@settings(deadline=None)
@given(st.lists(ACTIONS, max_size=30))
def test_whatever_happens_the_proxy_ends_with_what_it_should_have(actions: list[tuple[str, dict[str, str | None]]]) -> None:
    world, envoy = World({CDS: {}}), Envoy()
    stream, effects = step(Stream(), Request(CDS), world)
    envoy.take(effects)
    for action, changed in actions:
        if action == "change":
            for name, version in changed.items():
                world.types[CDS] = {key: value for key, value in world.types[CDS].items() if key != name}
                if version is not None:
                    world.types[CDS][name] = version
            stream, effects = step(stream, Changed({CDS: frozenset(changed)}), world)
        elif action == "reconnect":
            envoy.unanswered.clear()
            stream, effects = step(Stream(), Request(CDS, initial_versions=dict(envoy.clusters)), world)
        elif envoy.unanswered:
            stream, effects = step(stream, envoy.answer(), world)
        else:
            continue
        envoy.take(effects)
    while envoy.unanswered:
        stream, effects = step(stream, envoy.answer(), world)
        envoy.take(effects)
    assert envoy.clusters == world.types[CDS]
    assert stream.settled
