"""Let SIGTERM end a process the orderly way, so that spans end and what is open is written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_CODE = 128 + signal.SIGTERM


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Turn SIGTERM into `SystemExit(143)` in the main thread while the block runs.

    Where the application handles SIGTERM itself, or outside the main thread, nothing changes. Works under `asyncio.run`.
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
