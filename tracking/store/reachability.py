"""Check a tracking store before anything is sent there: does the server answer, can the database be written?"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context

from ...foundation.commands import program
from ...foundation.visible import first_line
from .errors import NoAnswer, TrackingUnavailable
from .store_address import LOCAL, is_server, misread_folder, unwritable_file

_CHECK_S = 5.0
"""Seconds in which a server must answer. MLflow's own client retries for minutes."""

_REQUEST_S = 10.0
"""Seconds in which a server must answer a request that reads its database."""

_DAMAGED = (
    f"its file is damaged: move it away, and a new one is made; {program()} report writes the results of a journal into it"
)
_ELSEWHERE = "name another database with --tracking-uri sqlite:////FOLDER/mlflow.db, or leave tracking out with --no-tracking"
# Words in a database's error message, and what to do about it.
_ADVICE_BY_SIGN = {
    "malformed": _DAMAGED,
    "not a database": _DAMAGED,
    "locked": "another program holds it: close that program, or name another store with --tracking-uri",
    "valid JSON": "is this an MLflow server? A proxy or a login page may have answered",
    "disk is full": "free disk space, or name another store with --tracking-uri",
}


def check_answers(uri: str, shown: str) -> None:
    """Check that a server answers. A database always passes.

    Args:
        uri: address of the store.
        shown: the same for messages, without secrets.

    Raises:
        NoAnswer: it does not answer within 5 seconds, or with a status of 500 or more.
    """
    if not is_server(uri):
        return
    import requests

    try:
        # /health needs no login, so a status below 500 means that the server is there. Its body may come slowly or never.
        with requests.get(f"{uri.rstrip('/')}/health", timeout=_CHECK_S, stream=True) as response:
            status = response.status_code
    except requests.RequestException as error:
        raise NoAnswer(_away(shown, type(error).__name__)) from None
    if status >= 500:
        raise NoAnswer(_away(shown, f"HTTP {status}"))


class Probe:
    """Makes a request in a thread, so that a server that accepts it and stalls is noticed before MLflow's client gives up.

    Args:
        request: makes the request, and raises what goes wrong.
    """

    def __init__(self, request: Callable[[], object]) -> None:
        self._request = request
        self._lock = threading.Lock()
        self._running: tuple[int, Future[None]] | None = None

    def check(self, shown: str) -> None:
        """Make the request, or wait for the one that is still under way: a server that stalls must not collect threads.

        Raises:
            NoAnswer: no answer came within 10 seconds. What the request raises is passed on.
        """
        with self._lock:
            # A forked child has no thread that would finish its parent's request.
            if self._running is None or self._running[0] != os.getpid() or self._running[1].done():
                self._running = (os.getpid(), Future())
                run = copy_context().run
                threading.Thread(target=run, args=(self._finish, self._running[1]), name="tracking-probe", daemon=True).start()
            future = self._running[1]
        try:
            future.result(_REQUEST_S)
        except TimeoutError:
            raise NoAnswer(_away(shown, f"no reply within {_REQUEST_S:g} s")) from None

    def _finish(self, future: Future[None]) -> None:
        try:
            self._request()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(None)


def check_file(uri: str, shown: str) -> None:
    """Check that an address is not a folder, and that a local database can be written.

    Args:
        uri: address of the store.
        shown: the same for messages, without secrets.

    Raises:
        TrackingUnavailable: MLflow could not write traces there.
    """
    if "://" not in uri or uri.startswith("file:"):
        raise TrackingUnavailable(
            f"the tracking store {shown} is a folder, and MLflow keeps no traces in folders; use {LOCAL} "
            "(or unset MLFLOW_TRACKING_URI), or move it with: mlflow migrate-filestore"
        )
    if (folder := misread_folder(uri)) is not None:
        raise TrackingUnavailable(
            f"MLflow cannot use a database in the folder {folder}: its path contains ? or %; rename the folder, {_ELSEWHERE}"
        )
    if (unwritable := unwritable_file(uri)) is not None:
        # MLflow would retry what cannot succeed; its own error came after 145 s.
        raise TrackingUnavailable(f"the tracking store {shown} cannot be used: {unwritable} is not writable; {_ELSEWHERE}")


def cause(error: BaseException) -> str:
    """Return the innermost reason of an HTTP client's error, such as "Connection refused"."""
    while below := error.__cause__ or error.__context__:
        error = below
    if isinstance(error, LookupError):  # its message is only what was looked for
        return type(error).__name__
    # MLflow appends the reply, which can be a whole web page.
    return first_line(error).partition(" Response body:")[0].rstrip(".")[:120]


def _away(uri: str, reason: str) -> str:
    return f"no MLflow server answers at {uri} ({reason})"


def advice(reason: str) -> str:
    """Return what to do about a store that cannot be used for this reason; empty if there is no advice."""
    return next((words for sign, words in _ADVICE_BY_SIGN.items() if sign in reason), "")
