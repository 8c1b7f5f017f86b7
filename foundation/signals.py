"""Turn SIGTERM into an exception, so that open spans are closed and buffers are written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_CODE = 128 + signal.SIGTERM  # the exit code by which shells report a process ended by SIGTERM


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Turn SIGTERM into `SystemExit(143)` in the main thread while the block runs.

    Does nothing if the application handles SIGTERM itself, or outside the main thread. Works under `asyncio.run`.
    """
    handled_elsewhere = signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    if handled_elsewhere or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(_CODE)
