"""Failures on the command line: one message that says what to do, no traceback."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def explain(error: BaseException) -> str:
    """Return one line for an error: what happened, to which model and problem, what to do."""
    text = " ".join(printable(str(error)).split()) or type(error).__name__
    if isinstance(error, KeyError):
        text = str(error.args[0]) if error.args else text
    notes = [printable(note) for note in getattr(error, "__notes__", ())]
    return "; ".join(part for part in [text[:600].rstrip(".") if notes else text[:600], *notes] if part)


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
