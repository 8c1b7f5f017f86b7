"""Several servers of one model behind one OpenAI client: each request goes to the server with the fewest.

The client itself is untouched, so tools, structured output, streams, usage and retries stay what they are: this is the
transport below it. A server that fails is left out for a while, and the request goes to another one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import openai

from .places import Place
from .servers import Servers, http

FAULTS = frozenset({401, 403, 404, 408, 429})
"""Statuses, beside 500 and above, by which one server may differ from the others: its key, its models, its load."""


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
