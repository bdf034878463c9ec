"""Events and effects are values."""

from datetime import timedelta

from hauberk.node.pod.events import ContainerExited, Deleted, Effect, Event, Report, StartContainer


def test_events_and_effects_compare_by_what_they_say() -> None:
    events: list[Event] = [ContainerExited("a", 1), Deleted(timedelta(0))]
    effects: list[Effect] = [StartContainer("a", 0), Report("Normal", "Killing", "m", "a")]
    assert events == [ContainerExited("a", 1, signal=0, reason="", message=""), Deleted(timedelta(0))]
    assert effects == [StartContainer("a", 0), Report("Normal", "Killing", "m", "a")]
