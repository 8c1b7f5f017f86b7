"""Which of several servers of one model gets the next request, and which are left out for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import openai

from .places import Place

FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
"""How long a server is left out: at first, and after doubling with each failure."""

SLOW = 3
"""A server is left out after so many requests in a row that it did not answer in time."""

CONNECT_S = 5.0
"""A server that takes no connection for so long is left out: the request still has time for another one."""

http: Any = import_module(openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])
"""The HTTP library of the installed OpenAI client."""


class Servers:
    """Who gets the next request. Threads and event loops may ask at the same time."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.urls = [http.URL(url.rstrip("/")) for url in urls]
        if len(set(self.urls)) < len(urls) or not all(url.host for url in self.urls):
            raise ValueError(f"base_url {list(urls)}: give each server once, as in http://10.0.0.4:8000/v1")
        self.places = [
            Place(name=str(url), room=0, kind="server", node=url.host, handle=url, state="live") for url in self.urls
        ]
        self._lock = threading.Lock()
        self._count = 0
        self._again = dict.fromkeys(map(id, self.places), 0.0)
        self._failures = dict.fromkeys(map(id, self.places), 0)
        self._slow = dict.fromkeys(map(id, self.places), 0)

    def take(self, tried: Sequence[Place]) -> Place | None:
        """Return the server for a request, None if all have been tried.

        One whose pause is over gets a single request, to see. If all pause, the one whose pause ends first is asked.
        """
        with self._lock:
            ready = [place for place in self.places if place not in tried and (place.state == "live" or self._may_try(place))]
            if ready:
                place = min(ready, key=lambda place: (place.state == "live", place.in_flight, place.taken))
            elif not tried:
                place = min(self.places, key=lambda place: self._again[id(place)])
            else:
                return None
            self._count += 1
            place.begin(self._count)
            return place

    def answered(self, place: Place) -> None:
        """Count an answer."""
        with self._lock:
            place.in_flight -= 1
            place.note(0)
            place.state, place.error = "live", ""
            self._failures[id(place)] = self._slow[id(place)] = 0

    def failed(self, place: Place, why: str) -> None:
        """Leave a server out for a while."""
        with self._lock:
            place.in_flight -= 1
            place.lost += 1
            pause = min(FIRST_PAUSE_S * 2 ** self._failures[id(place)], LONGEST_PAUSE_S)
            if place.state == "live" or self._may_try(place):  # else another request has told already
                self._failures[id(place)] += 1
                self._again[id(place)] = time.monotonic() + pause
            place.state, place.error = "out", why

    def timed_out(self, place: Place) -> None:
        """Note that a request took too long, which may be its own fault."""
        with self._lock:
            self._slow[id(place)] += 1
            if self._slow[id(place)] < SLOW:
                place.in_flight -= 1
                return
        self.failed(place, f"the last {SLOW} requests timed out")

    def gone(self, place: Place) -> None:
        """Note that whoever asked does not wait any more."""
        with self._lock:
            place.in_flight -= 1

    def _may_try(self, place: Place) -> bool:
        return place.in_flight == 0 and time.monotonic() >= self._again[id(place)]

    def request_for(self, place: Place, request: Any) -> Any:
        """Return a request for the first server as one for another."""
        path = request.url.raw_path[len(self.urls[0].raw_path) :]
        url = place.handle.copy_with(raw_path=place.handle.raw_path + path)
        timeout = request.extensions.get("timeout", {})
        connect = min(timeout.get("connect") or CONNECT_S, CONNECT_S)
        extensions = {**request.extensions, "timeout": {**timeout, "connect": connect}}
        others = [(name, value) for name, value in request.headers.raw if name.lower() != b"host"]
        headers = [(b"Host", url.netloc), *others]
        return http.Request(request.method, url, headers=headers, stream=request.stream, extensions=extensions)
