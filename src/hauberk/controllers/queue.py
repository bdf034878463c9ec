"""Whose turn it is: keys that wait to be planned, each at most once, with back-off for those that failed. No I/O, no clock.

    add ──► ready ──take──► planned ──done──► (forgotten)
             ▲ due                │ failed
             └──── delayed ◄──────┘

Coalescing: a key that is added while it waits stays where it is; one that is added while it is planned is not lost, since
`take` has already removed it. Times are monotonic seconds.
"""

import heapq

from hauberk.controllers.cluster import Key

__all__ = ["WorkQueue"]

_FIRST_DELAY_SECONDS = 0.02
_LONGEST_DELAY_SECONDS = 30.0


class WorkQueue:
    """Keys in the order in which they were first asked for."""

    def __init__(self) -> None:
        # A dict keeps the order of insertion and finds doubles; a list would do only the one.
        self._ready: dict[Key, None] = {}
        self._delayed: list[tuple[float, Key]] = []
        self._due: dict[Key, float] = {}
        self._failures: dict[Key, int] = {}

    def __len__(self) -> int:
        return len(self._ready)

    def add(self, key: Key) -> None:
        """Plan `key` as soon as its turn comes."""
        self._ready[key] = None

    def add_after(self, key: Key, *, due: float) -> None:
        """Plan `key` at the time `due`, or at the earlier one that it was to be planned at already: that plan asks anew."""
        if due < self._due.get(key, float("inf")):
            self._due[key] = due
            heapq.heappush(self._delayed, (due, key))

    def take(self, *, now: float) -> Key | None:
        """The next key, or None where nothing is due."""
        while self._delayed and self._delayed[0][0] <= now:
            due, key = heapq.heappop(self._delayed)
            if self._due.get(key) == due:  # else an earlier one has taken its place
                del self._due[key]
                self.add(key)
        if not self._ready:
            return None
        key = next(iter(self._ready))
        del self._ready[key]
        return key

    def next_due(self) -> float | None:
        """When the first of the delayed keys is due, or None where none is."""
        return self._delayed[0][0] if self._delayed else None

    def done(self, key: Key) -> None:
        """`key` was planned and all was performed: its failures are forgotten."""
        self._failures.pop(key, None)

    def failed(self, key: Key, *, now: float) -> float:
        """`key` could not be brought to its end; answers the seconds after which it is tried again (20 ms, doubling, up to 30 s)."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        # The exponent is bounded before the float overflows, at about a thousand failures.
        delay = min(_FIRST_DELAY_SECONDS * 2.0 ** min(failures, 20), _LONGEST_DELAY_SECONDS)
        self.add_after(key, due=now + delay)
        return delay
