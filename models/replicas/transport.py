"""Several servers of one model behind one OpenAI client. The door is `clients`.

Each request goes to the server with the fewest requests in flight. A server that fails is skipped for a while, and its request
goes to another one. All this happens in the HTTP transport below the client, so tools, structured output, streams, usage and
retries work as with one server.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import openai

from .places import Place
from .servers import Servers, http

FAULTS = frozenset({401, 403, 404, 408, 429})
"""HTTP statuses that count as a server's fault, besides 500 and above: its keys, models or load can differ from the others'."""


def clients(urls: Sequence[str]) -> dict[str, Any]:
    """Return arguments for `ChatOpenAI` by which it uses several servers: `base_url`, `http_client`, `http_async_client`.

    Args:
        urls: base URL of each server, such as `http://10.0.0.4:8000/v1`.

    Raises:
        ValueError: a URL is given twice.
    """
    servers = Servers(urls)
    limits = openai.DEFAULT_CONNECTION_LIMITS
    own = openai.DefaultHttpxClient(transport=_Transport(servers, http.HTTPTransport(limits=limits)), trust_env=False)
    other = openai.DefaultAsyncHttpxClient(
        transport=_AsyncTransport(servers, http.AsyncHTTPTransport(limits=limits)), trust_env=False
    )
    # for `places_of`, which finds the servers of a model by its client
    own.places = servers.places  # type: ignore[attr-defined]
    # the client writes every request for the first server; `Servers.request_for` redirects it
    return {"base_url": urls[0], "http_client": own, "http_async_client": other}


def _faulty(status: int) -> bool:
    return status >= 500 or status in FAULTS


class _Route:
    """One request, which is sent to one server after the other until one succeeds or all have failed.

    Attributes:
        outcome: response or error of the last server.
    """

    def __init__(self, servers: Servers, request: Any) -> None:
        self.outcome: Any = None
        self._servers, self._request = servers, request
        self._tried: list[Place] = []

    def next(self) -> Any:
        """Return the request for the next server, None if all have been tried."""
        if (place := self._servers.take(self._tried)) is None:
            return None
        self._tried.append(place)
        return self._servers.request_for(place, self._request)

    def answered(self, response: Any, stream: type[_Counted]) -> bool:
        """Note a response; return False if another server should be tried. A good one counts until its body is closed."""
        self.outcome, place = response, self._tried[-1]
        if _faulty(response.status_code):
            self._servers.failed(place, f"status {response.status_code}")
            return False
        response.stream = stream(response.stream, self._servers, place)
        return True

    def raised(self, error: BaseException) -> None:
        """Note an error, and raise it unless another server should be tried.

        After a failed connection there is time for another server. A slow response has used up the time of the call.
        """
        place = self._tried[-1]
        if isinstance(error, http.ConnectTimeout):
            self._servers.failed(place, "it takes no connection")
        elif isinstance(error, http.TimeoutException):  # after ConnectTimeout, which is one too
            self._servers.timed_out(place)
            raise error
        elif isinstance(error, http.TransportError):
            self._servers.failed(place, f"{type(error).__name__}: {error}")
        else:  # as when the call was cancelled: no fault of the server
            self._servers.gone(place)
            raise error
        self.outcome = error

    def end(self) -> Any:
        """Return the last response, or raise the last error."""
        failed = isinstance(self.outcome, Exception)
        if failed or _faulty(self.outcome.status_code):
            # the client's error has this request: it should name the server that failed
            self._request.url = self._servers.request_for(self._tried[-1], self._request).url
        if failed:
            raise self.outcome
        return self.outcome


class _Transport(http.BaseTransport):
    def __init__(self, servers: Servers, inner: Any) -> None:
        self._servers, self._inner = servers, inner

    def handle_request(self, request: Any) -> Any:
        route = _Route(self._servers, request)
        while (attempt := route.next()) is not None:
            if isinstance(route.outcome, http.Response):
                route.outcome.close()  # a fault: its connection goes back to the pool
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
    """The body of a response. The request counts as in flight until the body is closed."""

    def __init__(self, body: Any, servers: Servers, place: Place) -> None:
        self._body, self._servers, self._place = body, servers, place
        self._open = True

    def _end(self, error: Exception | None = None) -> None:
        if not self._open:  # an error while reading comes first, then the client closes the body
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
