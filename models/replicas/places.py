"""The places that serve one model, and which of them gets the next call. Knows neither Ray nor HTTP."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal

ROOM = 64
"""Calls that a place has at a time if its model does not tell how many it decodes together."""

RATE_SECONDS = 30.0
"""A place's rate is what it has written in so many seconds."""

State = Literal["starting", "live", "out", "failed"]
"""A place that is `out` was lost and is expected back; one that `failed` could not load its model."""


@dataclass(eq=False)
class Place:
    """One replica or server.

    Attributes:
        name: in traces and tables.
        kind: what it is.
        room: calls that it may have at a time.
        node: the machine it is on, "" if unknown.
        handle: what calls are sent to.
        state: calls go to places that are `live`.
        error: why it is `out` or `failed`.
        in_flight: calls that it has now.
        answered: calls that it has answered.
        lost: calls that were lost with it and repeated elsewhere.
        written: output tokens of its answers, as far as they are known.
        taken: number of the last call that it got, so that equals take turns.
        since: when it got its first call, on the clock of `time.monotonic`; None before.
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
        """Count a call that it gets, of this number."""
        self.in_flight += 1
        self.taken = number
        self.since = self.since or time.monotonic()

    def note(self, tokens: int) -> None:
        """Count an answer of so many output tokens."""
        self.answered += 1
        self.written += tokens
        self._recent.append((time.monotonic(), tokens))
        self._forget()

    @property
    def tokens_per_second(self) -> float:
        """Output tokens a second, over the last half minute or since its first call."""
        self._forget()
        if self.since is None:
            return 0.0
        seconds = min(time.monotonic() - self.since, RATE_SECONDS)
        return sum(tokens for _, tokens in self._recent) / max(seconds, 1.0)

    def _forget(self) -> None:
        while self._recent and self._recent[0][0] < time.monotonic() - RATE_SECONDS:
            self._recent.popleft()


class Places:
    """Gives each call the live place with the fewest calls; calls beyond all room wait, in order.

    Threads and event loops wait on the same futures.
    """

    def __init__(self, places: Collection[Place]) -> None:
        self.all = list(places)
        self._waiting: deque[Future[Place]] = deque()
        self._lock = threading.Lock()
        self._count = 0

    def take(self) -> Future[Place]:
        """Return a future of the call's place; cancel it to leave the queue, or give the place back."""
        future: Future[Place] = Future()
        with self._lock:
            self._waiting.append(future)
            self._serve()
        return future

    def leave(self, future: Future[Place]) -> None:
        """Stop waiting for a place, or give back the one that came in the meantime."""
        if not future.cancel() and future.exception() is None:
            self.give_back(future.result())

    def give_back(self, place: Place, tokens: int | None = None) -> None:
        """End a call; with its output tokens if it was answered."""
        with self._lock:
            place.in_flight -= 1
            if tokens is not None:
                place.note(tokens)
            self._serve()

    def admit(self, place: Place) -> None:
        """Let a place have calls."""
        with self._lock:
            place.state, place.error = "live", ""
            self._serve()

    def leave_out(self, place: Place, error: str, state: State = "out") -> bool:
        """Give a place no more calls; returns whether it was live until now."""
        with self._lock:
            was_live = place.state == "live"
            place.state, place.error = state, error
            return was_live

    def fail_waiting(self, error: Exception) -> None:
        """Fail the calls that wait for a place."""
        with self._lock:
            while self._waiting:
                future = self._waiting.popleft()
                if future.set_running_or_notify_cancel():
                    future.set_exception(error)

    @property
    def live(self) -> list[Place]:
        """The places that get calls."""
        return [place for place in self.all if place.state == "live"]

    def _serve(self) -> None:
        while self._waiting and (place := self._freest()):
            future = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                self._count += 1
                place.begin(self._count)
                future.set_result(place)

    def _freest(self) -> Place | None:
        free = [place for place in self.all if place.state == "live" and place.in_flight < place.room]
        return min(free, key=lambda place: (place.in_flight, place.taken), default=None)


def places_of(model: Any) -> list[Place]:
    """Return the replicas or servers of a chat model, none if it has one place only."""
    return getattr(model, "places", None) or getattr(getattr(model, "http_client", None), "places", None) or []
