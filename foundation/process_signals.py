"""Signals that end a program: open spans are closed and buffers are written first, and a second one is obeyed at once."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

_T = TypeVar("_T")

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


_SAME_S = 0.5
"""Signals that follow the first within so many seconds count as the same: shells and wrappers send several."""

_LEAVING = b"\nInterrupted again: left at once. What is finished is kept; rerun the command to resume.\n"


class Interruption:
    """Ends a program by its first SIGINT or SIGTERM in order, and by the next one at once.

    As a context manager it handles both signals in the main thread. Does nothing if the application handles them itself.
    """

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
        if threading.current_thread() is threading.main_thread():
            taken = [number for number, handler in usual.items() if signal.getsignal(number) is handler]
            self._before = {number: signal.signal(number, self._take) for number in taken}
        return self

    def __exit__(self, *failure: object) -> None:
        if self._first is None:  # else the program is about to end, and the next signal must still be handled
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def run(self, main: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine in an event loop of its own; a signal cancels it.

        Raises:
            KeyboardInterrupt, SystemExit: a signal came.
        """

        async def whole() -> _T:
            task = asyncio.current_task()
            assert task is not None
            self._running = (asyncio.get_running_loop(), task)
            try:
                return await main
            finally:
                self._running = None

        try:
            return asyncio.run(whole())
        except asyncio.CancelledError:
            if self._first is None:
                raise
            raise _exception(self._first[0]) from None

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._first is None:
            self._first = (number, time.monotonic())
            if self._running is None:
                raise _exception(number)
            loop, task = self._running
            loop.call_soon_threadsafe(task.cancel)
        elif time.monotonic() - self._first[1] > _SAME_S:
            os.write(2, _LEAVING)
            os._exit(128 + number)


def _exception(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)
