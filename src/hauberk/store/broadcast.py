"""Who hears of new records: subscriptions with a bounded queue.

No I/O. A subscriber that does not keep up is closed, never waited for: it comes back with the revision it has seen and is
served from the window.
"""

from collections import deque
from collections.abc import Callable, Sequence

from hauberk.store.revisions import Record

__all__ = ["QUEUE_LIMIT", "Broadcast", "Subscription"]

QUEUE_LIMIT = 8192
"""Records that may wait for one subscriber beyond its replay. A burst of a few thousand writes (a large mesh applied at once)
must not throw out a healthy client; one that is stuck holds references to shared objects only."""


class Subscription:
    """The records that one subscriber has not taken yet.

    `wake` is called, once, when there is something to take after there was nothing, and when the subscription is closed.
    """

    def __init__(self, replay: Sequence[Record], *, limit: int = QUEUE_LIMIT) -> None:
        self._waiting: deque[Record] = deque(replay)
        self._limit = len(replay) + limit
        self.closed = False
        self.wake: Callable[[], None] = _nothing

    def push(self, record: Record) -> None:
        """Queue `record`; closes the subscription where the queue is full."""
        if self.closed:
            return
        if len(self._waiting) >= self._limit:
            self.close()
            return
        self._waiting.append(record)
        if len(self._waiting) == 1:
            self.wake()

    def take(self) -> list[Record]:
        """All that waits, oldest first; empty where nothing does. What was queued before the close can still be taken."""
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    def close(self) -> None:
        """No more records; the queue that overflowed is dropped by its owner, who has seen `closed`."""
        if not self.closed:
            self.closed = True
            self.wake()

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting


class Broadcast:
    """Hands records to the subscriptions of their resource, and to those of all resources (None)."""

    def __init__(self) -> None:
        self._subscriptions: dict[str | None, dict[int, Subscription]] = {}

    def subscribe(self, resource: str | None, replay: Sequence[Record] = (), *, limit: int = QUEUE_LIMIT) -> Subscription:
        """A subscription that starts with `replay` and goes on with what is published from now on."""
        subscription = Subscription(replay, limit=limit)
        self._subscriptions.setdefault(resource, {})[id(subscription)] = subscription
        return subscription

    def unsubscribe(self, resource: str | None, subscription: Subscription) -> None:
        """Forget `subscription`; one that is not known is no error."""
        self._subscriptions.get(resource, {}).pop(id(subscription), None)

    def publish(self, records: Sequence[Record]) -> None:
        """Push `records` to everyone who wants them; closed subscriptions are dropped."""
        for record in records:
            for resource in (record.key.resource, None):
                group = self._subscriptions.get(resource)
                if group:
                    self._push(group, record)

    def close(self) -> None:
        """Close every subscription."""
        for group in self._subscriptions.values():
            for subscription in group.values():
                subscription.close()
        self._subscriptions.clear()

    @staticmethod
    def _push(group: dict[int, Subscription], record: Record) -> None:
        closed = []
        for identity, subscription in group.items():
            subscription.push(record)
            if subscription.closed:
                closed.append(identity)
        for identity in closed:
            del group[identity]


def _nothing() -> None:
    return None
