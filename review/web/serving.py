"""Serve the review page."""

from __future__ import annotations

import socket
from collections.abc import Callable
from urllib.parse import quote

from ...foundation.loopback import is_loopback
from ..queue.queue import ReviewQueue


def serve(
    queue: ReviewQueue, *, host: str, port: int, token: str = "", reviewer: str = "", tell: Callable[[str], object]
) -> None:
    """Serve the review page until the process is stopped.

    Args:
        queue: an open queue.
        host: address to listen on.
        port: port to listen on; 0 picks a free one.
        token: access token that visitors must enter; required off loopback.
        reviewer: name stored with decisions until a visitor enters another.
        tell: called with a line that names the URL of the page.

    Raises:
        ValueError: the host is not loopback and there is no token, or the token is not valid text.
        OSError: the port is taken.
    """
    if not token and not is_loopback(host):
        raise ValueError(f"--host {host} is reachable from other machines: set --token, or listen on 127.0.0.1")
    if has_surrogates(token):
        raise ValueError("--token has bytes that are not text in this terminal's encoding; choose another")
    import uvicorn

    from .app import make_app
    from .connections import limited

    app = make_app(queue, token=token, reviewer=reviewer)
    listener, address = listen(host, port)
    tell(f"Reviews: {address}/" + (f"?token={quote(token, safe='')}" if token else "") + "  (stop with Ctrl-C)")
    uvicorn.Server(limited(app)).run(sockets=[listener])


def has_surrogates(text: str) -> bool:
    """Return whether a text has undecodable bytes, which no URL can carry."""
    return any("\ud800" <= mark <= "\udfff" for mark in text)


def listen(host: str, port: int) -> tuple[socket.socket, str]:
    """Return a listening socket and its URL.

    Raises:
        OSError: the port is taken.
    """
    # The socket is opened here, not by uvicorn: the free port is known before the server runs, and errors are readable.
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise OSError(
            f"port {port} of {host} cannot be used ({error.strerror}); choose another with --port, or 0 for a free one"
        ) from error
    shown = f"[{host}]" if ":" in host else host
    return listener, f"http://{shown}:{listener.getsockname()[1]}"
