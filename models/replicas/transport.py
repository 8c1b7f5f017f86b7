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


class _Route:
    """One request on its way from server to server, until one answers well or all have been tried.

    Attributes:
        outcome: the last server's answer or error.
    """

    def __init__(self, servers: Servers, request: Any) -> None:
        self.outcome: Any = None
        self._servers, self._request = servers, request
        self._tried: list[Place] = []

    def next(self) -> Any:
        """Return the request for the next server; None if all have been tried."""
        if (place := self._servers.take(self._tried)) is None:
            return None
        self._tried.append(place)
        return self._servers.request_for(place, self._request)

    def answered(self, response: Any, stream: type[_Counted]) -> bool:
        """Note an answer; False if another server may do better. A good one is counted while its body is read."""
        self.outcome, place = response, self._tried[-1]
        if _faulty(response.status_code):
            self._servers.failed(place, f"status {response.status_code}")
            return False
        response.stream = stream(response.stream, self._servers, place)
        return True

    def raised(self, error: BaseException) -> None:
        """Note an error; raises it unless another server may do better.

        A server that does not take the connection is one that fails; a slow answer uses up the caller's own time.
        """
        place = self._tried[-1]
        if isinstance(error, http.ConnectTimeout):
            self._servers.failed(place, "it takes no connection")
        elif isinstance(error, http.TimeoutException):
            self._servers.timed_out(place)
            raise error
        elif isinstance(error, http.TransportError):
            self._servers.failed(place, f"{type(error).__name__}: {error}")
        else:
            self._servers.gone(place)
            raise error
        self.outcome = error

    def end(self) -> Any:
        """Return the last answer, or raise the last error."""
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class _Transport(http.BaseTransport):
    def __init__(self, servers: Servers, inner: Any) -> None:
        self._servers, self._inner = servers, inner

    def handle_request(self, request: Any) -> Any:
        route = _Route(self._servers, request)
        while (attempt := route.next()) is not None:
            if isinstance(route.outcome, http.Response):
                route.outcome.close()
            try:
                response = self._inner.handle_request(attempt)
            except BaseException as error:
                route.raised(error)
            else:
                if route.answered(response, _Stream):
                    break
        return route.end()

    def close(self) -> None:
        self._inner.close()


class _AsyncTransport(http.AsyncBaseTransport):
    def __init__(self, servers: Servers, inner: Any) -> None:
        self._servers, self._inner = servers, inner

    async def handle_async_request(self, request: Any) -> Any:
        route = _Route(self._servers, request)
        while (attempt := route.next()) is not None:
            if isinstance(route.outcome, http.Response):
                await route.outcome.aclose()
            try:
                response = await self._inner.handle_async_request(attempt)
            except BaseException as error:
                route.raised(error)
            else:
                if route.answered(response, _AsyncStream):
                    break
        return route.end()

    async def aclose(self) -> None:
        await self._inner.aclose()


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
