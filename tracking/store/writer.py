"""A thread that writes, for servers whose event loop must not wait for a disk: `Writer`."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


class Writer:
    """Runs calls one after another in a thread. A forked child gets its own thread, because threads do not survive a fork."""

    def __init__(self) -> None:
        self._made: tuple[int, ThreadPoolExecutor] | None = None

    def submit(self, call: Callable[..., object], *values: Any) -> None:
        """Run a call in the thread, or at once if the interpreter is shutting down."""
        if self._made is None or self._made[0] != os.getpid():
            self._made = (os.getpid(), ThreadPoolExecutor(1, "trace-of-thought-writer"))
        try:
            self._made[1].submit(call, *values)
        except RuntimeError:  # no new work is accepted at interpreter shutdown
            call(*values)

    def close(self) -> None:
        """Wait until all submitted calls have run."""
        if self._made is not None and self._made[0] == os.getpid():
            self._made[1].shutdown()
