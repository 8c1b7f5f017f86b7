"""A thread that writes, for servers whose event loop must not wait for a disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


class Writer:
    """Runs calls one after the other in a thread of this process: a fork gets a thread of its own."""

    def __init__(self) -> None:
        self._made: tuple[int, ThreadPoolExecutor] | None = None

    def submit(self, call: Callable[..., object], *values: Any) -> None:
        """Run a call soon, or at once where the interpreter is about to end."""
        if self._made is None or self._made[0] != os.getpid():
            self._made = (os.getpid(), ThreadPoolExecutor(1, "trace-of-thought-writer"))
        try:
            self._made[1].submit(call, *values)
        except RuntimeError:
            call(*values)

    def close(self) -> None:
        """Wait for what was submitted."""
        if self._made is not None and self._made[0] == os.getpid():
            self._made[1].shutdown()
