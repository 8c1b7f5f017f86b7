"""Limit how long an HTTP request may take to arrive, and how long its headers may be. Start at `limited`."""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

ARRIVAL_S = 60.0
"""Maximum seconds from the first to the last byte of a request; a slower client is disconnected."""

MAX_HEADERS = 64 * 1024
"""Maximum bytes of a request's first line and headers."""


class LimitedProtocol(H11Protocol):
    """HTTP/1.1 that disconnects clients whose requests do not arrive in time; uvicorn has no such limit."""

    arrival: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Start the timer of the first request."""
        super().connection_made(transport)
        self.arrival = self.loop.call_later(ARRIVAL_S, self._arrive)

    def data_received(self, data: bytes) -> None:
        """Receive bytes; more bytes of the same request do not restart its timer."""
        super().data_received(data)
        if not self._receiving():
            self._stop()
        elif self.arrival is None:
            self.arrival = self.loop.call_later(ARRIVAL_S, self._arrive)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._stop()
        super().connection_lost(exc)

    def _receiving(self) -> bool:
        # IDLE: headers are not complete; SEND_BODY: the client is still sending the body.
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def _stop(self) -> None:
        if self.arrival is not None:
            self.arrival.cancel()
            self.arrival = None

    def _arrive(self) -> None:
        self.arrival = None
        if self._receiving():
            self.transport.close()


def limited(app: Any) -> uvicorn.Config:
    """Return the configuration of a server for an application, with limits and without a log of requests.

    Args:
        app: an ASGI application.
    """
    return uvicorn.Config(
        app,
        http=LimitedProtocol,
        ws="none",  # without it, uvicorn offers WebSockets if a library is installed
        h11_max_incomplete_event_size=MAX_HEADERS,
        log_level="warning",
        access_log=False,  # URLs may contain the access token
        server_header=False,
        timeout_graceful_shutdown=2,  # seconds
    )
