"""Failures of models in words: what happened, to which model and problem, and what to do."""

from __future__ import annotations

import json
import re
import traceback
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from ...foundation.encodable import encodable
from ...foundation.redaction import Redactor

if TYPE_CHECKING:
    from ..state import Usage

# Line feeds and tabs stay; everything else in C0 and C1 can move a terminal's cursor or change its colours.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# By class name, since providers' packages share the names but no base class, and most of them are not installed.
_ADVICE = {
    "AuthenticationError": "the server refuses the key: check the provider's API key",
    "PermissionDeniedError": "the server refuses this key for this model",
    "NotFoundError": "the server does not know this model: check the name and the base URL",
    "RateLimitError": "the server limits the rate: lower the concurrency or set a limit of requests per second",
    "InternalServerError": "the server failed: try again later",
    "APIConnectionError": "the server cannot be reached: check the base URL and that it is running",
    "MemoryError": "no memory is left on this machine: lower the concurrency or the number of tokens",
    "CallTimeout": "the server did not answer in time: raise the timeout or lower the concurrency",
    "EmptyReply": "look at what the server says of the call; a proxy, a filter or its chat template may drop the text",
    "OnlyToolCalls": "the model was offered no tools: look at the server's chat template, or choose another model",
    "APITimeoutError": "the server did not answer in time: raise the timeout or lower the concurrency",
}
_OF_THE_ADDRESS = {"APIConnectionError", "NotFoundError"}
"""Errors whose cause may be a wrong address, so that it belongs beside the message."""

_QUOTA = "insufficient_quota"
_UNREADABLE = "the reply cannot be read: is the base URL an OpenAI-compatible endpoint (often ending in /v1)?"


class ModelError(RuntimeError):
    """A teacher or a student failed. The message says what happened, what to do, which model and which problem.

    The model's own error is `__cause__`. Nodes raise this class because servers show clients only some kinds of exceptions.

    Attributes:
        usage: calls and tokens of the run up to the failure, by role.
    """

    def __init__(self, message: str, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.usage: Usage = usage or {}


def advice(error: BaseException) -> str:
    """Return what to do about an error of a model call; empty if its own message says so or nothing is known."""
    error = first(error)
    # OpenAI sends it as a RateLimitError, for which waiting would be the advice; a client may leave the code out of its message
    if getattr(error, "code", None) == _QUOTA or _QUOTA in str(error):
        return "the account's quota is used up: check its plan and billing; fewer calls at a time do not help"
    known = next((_ADVICE[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _ADVICE), "")
    return known or (_UNREADABLE if _in_client(error) and isinstance(error, _SURPRISES) else "")


_SURPRISES = (json.JSONDecodeError, TypeError, LookupError, AttributeError)
"""What a client raises when a server sends a web page, or JSON of another shape."""


def _in_client(error: BaseException) -> bool:
    """Return whether the error was raised inside the client of an OpenAI-compatible server, not in our code."""
    rooms = {frame.f_globals.get("__name__", "").partition(".")[0] for frame, _ in traceback.walk_tb(error.__traceback__)}
    return bool(rooms & {"openai", "langchain_openai"})


def first(error: BaseException) -> BaseException:
    """Return the error itself, or the first one of a group (`asyncio.TaskGroup` raises groups)."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def explain(error: BaseException) -> str:
    """Return an error's message in one line of at most 900 characters, without secrets of this process's environment."""
    error = first(error)
    # str() of a KeyError puts quotation marks around the message
    said = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    if isinstance(error, OSError) and error.strerror and error.filename and said.startswith("[Errno"):
        said = f"{error.filename}: {error.strerror}"
    said = Redactor().text(said)  # some servers repeat the key that they refuse
    return " ".join(printable(said).split())[:900] or type(error).__name__


def explain_to_owner(error: BaseException) -> str:
    """Return `explain(error)` after the URL of a server that was not reached, or not found.

    For whoever chose the servers: the clients of a service see `explain` alone.
    """
    url = _address(first(error))
    return f"{url}: {explain(error)}" if url else explain(error)


def _address(error: BaseException) -> str:
    """Return the URL that a model's client asked, without user and query; empty if the error has another cause."""
    own = error.__cause__ if isinstance(error, ModelError) and error.__cause__ else error
    try:
        url = getattr(getattr(own, "request", None), "url", None)
    except RuntimeError:  # of httpx, for an error that was raised outside a request
        return ""
    if url is None or not _OF_THE_ADDRESS & {kind.__name__ for kind in type(own).__mro__}:
        return ""
    parts = urlsplit(str(url))
    return Redactor().text(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")))


def printable(text: str) -> str:
    """Return text of a model or a server without control characters, which could steer a terminal."""
    return encodable(_CONTROL.sub("", text))
