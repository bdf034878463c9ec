from hauberk.store.broadcast import Broadcast, Subscription
from tests.unit.store.log_suite import added


def test_a_subscriber_gets_the_records_of_its_resource_in_order() -> None:
    broadcast = Broadcast()
    pods, everything = broadcast.subscribe("pods"), broadcast.subscribe(None)
    records = [added("p", 1), added("n", 2, resource="nodes"), added("q", 3)]
    broadcast.publish(records)
    assert pods.take() == [records[0], records[2]]
    assert everything.take() == records
    assert pods.take() == []


def test_the_replay_comes_before_what_is_published() -> None:
    broadcast = Broadcast()
    old, new = added("p", 1), added("q", 2)
    subscription = broadcast.subscribe("pods", [old])
    broadcast.publish([new])
    assert subscription.take() == [old, new]


def test_slow_subscriber_is_closed_not_waited_for() -> None:
    broadcast = Broadcast()
    slow, healthy = broadcast.subscribe("pods", limit=2), broadcast.subscribe("pods", limit=9)
    broadcast.publish([added(f"p{number}", number) for number in range(1, 5)])
    assert (slow.closed, healthy.closed) == (True, False)
    assert len(healthy.take()) == 4


def test_a_long_replay_does_not_count_against_the_limit() -> None:
    subscription = Subscription([added(f"p{number}", number) for number in range(1, 6)], limit=1)
    subscription.push(added("q", 6))
    assert (subscription.closed, len(subscription.take())) == (False, 6)


def test_a_sleeping_subscriber_is_woken_once() -> None:
    subscription, woken = Subscription([]), []
    subscription.wake = lambda: woken.append(1)
    subscription.push(added("p", 1))
    subscription.push(added("q", 2))
    assert woken == [1]
    subscription.take()
    subscription.push(added("r", 3))
    assert woken == [1, 1]


def test_closing_wakes_and_nothing_comes_after() -> None:
    broadcast, woken = Broadcast(), []
    subscription = broadcast.subscribe("pods")
    subscription.wake = lambda: woken.append(1)
    broadcast.close()
    broadcast.publish([added("p", 1)])
    subscription.push(added("q", 2))
    assert (subscription.closed, subscription.empty, woken) == (True, True, [1])


def test_an_unsubscribed_one_hears_nothing() -> None:
    broadcast = Broadcast()
    subscription = broadcast.subscribe("pods")
    broadcast.unsubscribe("pods", subscription)
    broadcast.unsubscribe("pods", subscription)
    broadcast.publish([added("p", 1)])
    assert subscription.empty
