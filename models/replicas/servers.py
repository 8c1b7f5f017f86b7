"""Choose which of several servers of one model gets the next request, and skip servers that fail. The door is `Servers`."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import openai

from .places import Place

FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
"""Seconds for which a failed server is skipped: at first, and at most. Each further failure doubles them."""

SLOW = 3
"""Number of timeouts in a row after which a server counts as failed. A single one may be due to a long reply."""

CONNECT_S = 5.0
"""Maximum seconds for connecting to a server. Short, so that the request still has time for another one."""

http: Any = import_module(openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])
"""The HTTP library of the installed OpenAI client: its releases use different ones."""


class Servers:
    """The servers of one model, their load and their failures. Safe for threads and event loops.

    Args:
        urls: base URL of each server, see `check_base_url`.

    Raises:
        ValueError: a URL is given twice.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        self.urls = [http.URL(url.rstrip("/")) for url in urls]
        if len(set(self.urls)) < len(urls):
            raise ValueError(f"base_url {[_public(url) for url in self.urls]}: give each server once")
        self.places = [
            Place(name=_public(url), room=0, kind="server", node=url.host, handle=url, state="live") for url in self.urls
        ]
        self._lock = threading.Lock()
        self._count = 0
        # when a failed server may be tried again, on the clock of `time.monotonic`
        self._again = dict.fromkeys(map(id, self.places), 0.0)
        self._failures = dict.fromkeys(map(id, self.places), 0)
        self._slow = dict.fromkeys(map(id, self.places), 0)

    def take(self, tried: Sequence[Place]) -> Place | None:
        """Return the server for a request, None if all have been tried.

        A server whose pause is over gets a single request as a test. If all servers pause, the one whose pause ends first is
        tried.

        Args:
            tried: servers that have failed on this request.
        """
        with self._lock:
            ready = [place for place in self.places if place not in tried and (place.state == "live" or self._may_try(place))]
            if ready:
                # servers to test first, since only a request can show that they are back
                place = min(ready, key=lambda place: (place.state == "live", place.in_flight, place.taken))
            elif not tried:
                place = min(self.places, key=lambda place: self._again[id(place)])
            else:
                return None
            self._count += 1
            place.begin(self._count)
            return place

    def answered(self, place: Place) -> None:
        """Note a good response: the server works."""
        with self._lock:
            place.in_flight -= 1
            place.note(0)  # the transport does not see tokens
            place.state, place.error = "live", ""
            self._failures[id(place)] = self._slow[id(place)] = 0

    def failed(self, place: Place, why: str) -> None:
        """Note a failure, and skip the server for a while."""
        with self._lock:
            place.in_flight -= 1
            place.lost += 1
            pause = min(FIRST_PAUSE_S * 2 ** self._failures[id(place)], LONGEST_PAUSE_S)
            if place.state == "live" or self._may_try(place):  # else one of several requests that failed together
                self._failures[id(place)] += 1
                self._again[id(place)] = time.monotonic() + pause
            place.state, place.error = "out", why

    def timed_out(self, place: Place) -> None:
        """Note that a request timed out. After `SLOW` in a row the server counts as failed."""
        with self._lock:
            self._slow[id(place)] += 1
            if self._slow[id(place)] < SLOW:
                place.in_flight -= 1
                return
        self.failed(place, f"the last {SLOW} requests timed out")

    def gone(self, place: Place) -> None:
        """Note that the caller gave up a request."""
        with self._lock:
            place.in_flight -= 1

    def _may_try(self, place: Place) -> bool:
        return place.in_flight == 0 and time.monotonic() >= self._again[id(place)]

    def request_for(self, place: Place, request: Any) -> Any:
        """Return a copy of a request, which was written for the first server, for another one."""
        path = request.url.raw_path[len(self.urls[0].raw_path) :]
        url = place.handle.copy_with(raw_path=place.handle.raw_path + path)
        timeout = request.extensions.get("timeout", {})
        # the caller's own limit may be shorter
        connect = min(timeout.get("connect") or CONNECT_S, CONNECT_S)
        extensions = {**request.extensions, "timeout": {**timeout, "connect": connect}}
        others = [(name, value) for name, value in request.headers.raw if name.lower() != b"host"]
        headers = [(b"Host", url.netloc), *others]
        return http.Request(request.method, url, headers=headers, stream=request.stream, extensions=extensions)


def _public(url: Any) -> str:
    """Return a URL without user and password: the names of places stand in tables."""
    return str(url.copy_with(userinfo=b""))
