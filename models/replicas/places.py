"""The replicas or servers of one model, and which of them gets the next call. Independent of Ray and HTTP."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal

ROOM = 64
"""Default of the maximum number of calls in flight at a place, for models that do not report one."""

RATE_SECONDS = 30.0
"""Length in seconds of the window over which tokens per second are averaged."""

State = Literal["starting", "live", "out", "failed"]
"""A place is `out` if it was lost and may come back, `failed` if it could not load its model."""


@dataclass(eq=False)  # compared and hashed by identity, since its fields change
class Place:
    """One replica or server.

    Attributes:
        name: name in traces and tables.
        room: maximum number of calls in flight.
        kind: what it is.
        node: machine that it runs on, "" if unknown.
        handle: what calls are sent to: a Ray actor, or the URL of a server.
        state: calls go to places that are `live`.
        error: why it is `out` or `failed`.
        in_flight: number of calls that it has now.
        answered: number of calls that it has answered.
        lost: number of calls that were lost with it and repeated elsewhere.
        taken: number of the last call that it got, by which equally busy places take turns.
        written: output tokens of its replies, where known.
        since: time of its first call, on the clock of `time.monotonic`; None before.
    """

    name: str
    room: int
    kind: Literal["replica", "server"] = "replica"
    node: str = ""
    handle: Any = None
    state: State = "starting"
    error: str = ""
    in_flight: int = 0
    answered: int = 0
    lost: int = 0
    taken: int = 0
    written: int = 0
    since: float | None = None
    _recent: deque[tuple[float, int]] = field(default_factory=deque)

    def begin(self, number: int) -> None:
        """Count the start of a call. Calls are numbered, see `taken`."""
        self.in_flight += 1
        self.taken = number
        self.since = self.since or time.monotonic()

    def note(self, tokens: int) -> None:
        """Count a reply of `tokens` output tokens."""
        self.answered += 1
        self.written += tokens
        now = time.monotonic()
        self._recent.append((now, tokens))
        while self._recent[0][0] < now - RATE_SECONDS:
            self._recent.popleft()

    @property
    def tokens_per_second(self) -> float:
        """Output tokens per second over the last `RATE_SECONDS`, or since the first call if that is shorter."""
        if self.since is None:
            return 0.0
        now = time.monotonic()
        recent = list(self._recent)  # the progress display asks from its own thread while replies are counted
        return sum(tokens for at, tokens in recent if at >= now - RATE_SECONDS) / max(min(now - self.since, RATE_SECONDS), 1.0)


class Places:
    """Assigns each call to the live place with the fewest calls. If all are full, calls wait in order.

    Safe for threads and event loops: both wait on the same futures.
    """

    def __init__(self, places: Collection[Place]) -> None:
        self.all = list(places)
        self._waiting: deque[Future[Place]] = deque()
        self._lock = threading.Lock()
        self._count = 0

    def take(self) -> Future[Place]:
        """Return a future of the place for a call. Pass the place to `give_back` at the end of the call."""
        future: Future[Place] = Future()
        with self._lock:
            self._waiting.append(future)
            self._serve()
        return future

    def leave(self, future: Future[Place]) -> None:
        """Stop waiting for a place, and give it back if it was assigned in the meantime."""
        if not future.cancel() and future.exception() is None:
            self.give_back(future.result())

    def give_back(self, place: Place, tokens: int | None = None) -> None:
        """Free the place of a call that has ended; `tokens` are its output tokens, None if it was not answered."""
        with self._lock:
            place.in_flight -= 1
            if tokens is not None:
                place.note(tokens)
            self._serve()

    def admit(self, place: Place) -> None:
        """Mark a place as live, so that it gets calls."""
        with self._lock:
            place.state, place.error = "live", ""
            self._serve()

    def leave_out(self, place: Place, error: str, state: State = "out") -> bool:
        """Give a place no more calls. Returns whether it was live until now: of several callers, one gets `True`."""
        with self._lock:
            was_live = place.state == "live"
            place.state, place.error = state, error
            return was_live

    def fail_waiting(self, error: Exception) -> None:
        """Fail all calls that wait for a place."""
        with self._lock:
            while self._waiting:
                future = self._waiting.popleft()
                if future.set_running_or_notify_cancel():
                    future.set_exception(error)

    @property
    def live(self) -> list[Place]:
        """The places that get calls now."""
        return [place for place in self.all if place.state == "live"]

    def _serve(self) -> None:
        """Assign free places to waiting calls. The caller holds the lock."""
        while self._waiting and (place := self._freest()):
            future = self._waiting.popleft()
            if future.set_running_or_notify_cancel():  # else the call gave up while it waited
                self._count += 1
                place.begin(self._count)
                future.set_result(place)

    def _freest(self) -> Place | None:
        free = [place for place in self.all if place.state == "live" and place.in_flight < place.room]
        return min(free, key=lambda place: (place.in_flight, place.taken), default=None)


def places_of(model: Any) -> list[Place]:
    """Return the replicas or servers of a chat model; an empty list for a model in one place."""
    return getattr(model, "places", None) or getattr(getattr(model, "http_client", None), "places", None) or []
