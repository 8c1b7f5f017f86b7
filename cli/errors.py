"""Failures on the command line: one message that says what to do, no traceback."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_HINTS = {
    "AuthenticationError": "the server refuses the key: check the provider's API key",
    "PermissionDeniedError": "the server refuses this key for this model",
    "NotFoundError": "the server does not know this model: check the name and the base URL",
    "RateLimitError": "the server limits the rate: lower --concurrency or set --requests-per-second",
    "InternalServerError": "the server failed: run the same command again later",
    "APIConnectionError": "the server cannot be reached: check the base URL and that it is running",
    "APITimeoutError": "the server did not answer in time: raise --timeout or lower --concurrency",
    **dict.fromkeys(
        ("JSONDecodeError", "TypeError", "IndexError", "AttributeError"),
        "the reply cannot be read: is the base URL an OpenAI-compatible endpoint (often ending in /v1)?",
    ),
}


def explain(error: BaseException) -> str:
    """Return one line for an error: what happened, to which model and problem, what to do."""
    text = " ".join(printable(str(error)).split()) or type(error).__name__
    if isinstance(error, KeyError):
        text = str(error.args[0]) if error.args else text
    notes = [printable(note) for note in getattr(error, "__notes__", ())]
    of_model = any(note.startswith("while asking the ") for note in notes)
    hint = next((_HINTS[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _HINTS), "") if of_model else ""
    return "; ".join(part for part in [text[:600], hint, *notes] if part)


def printable(text: str) -> str:
    """Drop the control characters of text that a model or a server wrote, so that it cannot steer a terminal."""
    return _CONTROL.sub("", text)


@contextmanager
def show_errors() -> Iterator[None]:
    """Turn an exception into its message on standard error and exit code 1; `TOT_DEBUG=1` shows the traceback too."""
    try:
        yield
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("TOT_DEBUG"):
            raise
        print(f"error: {explain(error)}", file=sys.stderr)
        sys.exit(1)
