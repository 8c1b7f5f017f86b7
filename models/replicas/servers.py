"""Several servers of one model behind one OpenAI client: each request goes to the server with the fewest.

The client itself is untouched, so tools, structured output, streams, usage and retries stay what they are: this is the
transport below it. A server that fails is left out for a while, and the request goes to another one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from importlib import import_module
from typing import Any

import openai

from .places import Place

FAULTS = frozenset({401, 403, 404, 408, 429})
"""Statuses, beside 500 and above, by which one server may differ from the others: its key, its models, its load."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
"""How long a server is left out: at first, and after doubling with each failure."""

SLOW = 3
"""A server is left out after so many requests in a row that it did not answer in time."""

CONNECT_S = 5.0
"""A server that takes no connection for so long is left out: the request still has time for another one."""

http: Any = import_module(openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])
"""The HTTP library of the installed OpenAI client."""


def clients(urls: Sequence[str]) -> dict[str, Any]:
    """Return what `ChatOpenAI` is made with: `base_url`, `http_client` and `http_async_client`.

    Raises:
        ValueError: a URL is given twice or is none.
    """
    servers = Servers(urls)
    limits = openai.DEFAULT_CONNECTION_LIMITS
    own = openai.DefaultHttpxClient(transport=_Transport(servers, http.HTTPTransport(limits=limits)), trust_env=False)
    other = openai.DefaultAsyncHttpxClient(
        transport=_AsyncTransport(servers, http.AsyncHTTPTransport(limits=limits)), trust_env=False
    )
    own.places = servers.places  # type: ignore[attr-defined]
    return {"base_url": urls[0], "http_client": own, "http_async_client": other}


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
            place.in_flight += 1
            place.taken = self._count
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


def _faulty(status: int) -> bool:
    return status >= 500 or status in FAULTS


class _Transport(http.BaseTransport):
    def __init__(self, servers: Servers, inner: Any) -> None:
        self._servers, self._inner = servers, inner

    def handle_request(self, request: Any) -> Any:
        tried: list[Place] = []
        outcome: Any = None
        while (place := self._servers.take(tried)) is not None:
            tried.append(place)
            if isinstance(outcome, http.Response):
                outcome.close()
            try:
                outcome = self._inner.handle_request(self._servers.request_for(place, request))
            except http.TimeoutException as error:
                outcome = _after_timeout(self._servers, place, error)
            except http.TransportError as error:
                self._servers.failed(place, f"{type(error).__name__}: {error}")
                outcome = error
            except BaseException:
                self._servers.gone(place)
                raise
            else:
                if not _faulty(outcome.status_code):
                    outcome.stream = _Stream(outcome.stream, self._servers, place)
                    return outcome
                self._servers.failed(place, f"status {outcome.status_code}")
        return _given(outcome)

    def close(self) -> None:
        self._inner.close()


class _AsyncTransport(http.AsyncBaseTransport):
    def __init__(self, servers: Servers, inner: Any) -> None:
        self._servers, self._inner = servers, inner

    async def handle_async_request(self, request: Any) -> Any:
        tried: list[Place] = []
        outcome: Any = None
        while (place := self._servers.take(tried)) is not None:
            tried.append(place)
            if isinstance(outcome, http.Response):
                await outcome.aclose()
            try:
                outcome = await self._inner.handle_async_request(self._servers.request_for(place, request))
            except http.TimeoutException as error:
                outcome = _after_timeout(self._servers, place, error)
            except http.TransportError as error:
                self._servers.failed(place, f"{type(error).__name__}: {error}")
                outcome = error
            except BaseException:
                self._servers.gone(place)
                raise
            else:
                if not _faulty(outcome.status_code):
                    outcome.stream = _AsyncStream(outcome.stream, self._servers, place)
                    return outcome
                self._servers.failed(place, f"status {outcome.status_code}")
        return _given(outcome)

    async def aclose(self) -> None:
        await self._inner.aclose()


def _after_timeout(servers: Servers, place: Place, error: Any) -> Any:
    """A server that does not take the connection is one that fails; a slow answer uses up the caller's own time.

    Raises:
        TimeoutException: the answer was slow.
    """
    if isinstance(error, http.ConnectTimeout):
        servers.failed(place, "it takes no connection")
        return error
    servers.timed_out(place)
    raise error


def _given(outcome: Any) -> Any:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


class _Counted:
    """The body of an answer: while it is read, the server has the request."""

    def __init__(self, body: Any, servers: Servers, place: Place) -> None:
        self._body, self._servers, self._place = body, servers, place
        self._open = True

    def _end(self, error: Exception | None = None) -> None:
        if not self._open:
            return
        self._open = False
        if error is None:
            self._servers.answered(self._place)
        elif isinstance(error, http.TimeoutException):
            self._servers.timed_out(self._place)
        else:
            self._servers.failed(self._place, f"{type(error).__name__}: {error}")


class _Stream(_Counted, http.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except http.TransportError as error:
            self._end(error)
            raise

    def close(self) -> None:
        self._body.close()
        self._end()


class _AsyncStream(_Counted, http.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._body:
                yield part
        except http.TransportError as error:
            self._end(error)
            raise

    async def aclose(self) -> None:
        await self._body.aclose()
        self._end()
