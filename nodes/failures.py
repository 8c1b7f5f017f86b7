"""Failures in words: what happened, to which model and problem, what to do."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_ADVICE = {
    "AuthenticationError": "the server refuses the key: check the provider's API key",
    "PermissionDeniedError": "the server refuses this key for this model",
    "NotFoundError": "the server does not know this model: check the name and the base URL",
    "RateLimitError": "the server limits the rate: lower the concurrency or set a limit of requests per second",
    "InternalServerError": "the server failed: try again later",
    "APIConnectionError": "the server cannot be reached: check the base URL and that it is running",
    "APITimeoutError": "the server did not answer in time: raise the timeout or lower the concurrency",
    **dict.fromkeys(
        ("JSONDecodeError", "TypeError", "IndexError", "AttributeError"),
        "the reply cannot be read: is the base URL an OpenAI-compatible endpoint (often ending in /v1)?",
    ),
}


def advice(error: BaseException) -> str:
    """Return what to do about an error that asking a model raised; empty where the error says it itself."""
    return next((_ADVICE[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _ADVICE), "")


def explain(error: BaseException) -> str:
    """Return one line for an error: what happened, to which model and problem, what to do."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    said = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    text = " ".join(printable(said).split()) or type(error).__name__
    notes = [printable(note) for note in getattr(error, "__notes__", ()) if not note.startswith("During task ")]
    return "; ".join(part for part in [text[:600].rstrip(".") if notes else text[:600], *notes] if part)


def printable(text: str) -> str:
    """Drop the control characters of text that a model or a server wrote, so that it cannot steer a terminal."""
    return _CONTROL.sub("", text)
