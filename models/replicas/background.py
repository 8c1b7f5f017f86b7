"""An event loop in a thread of its own: for tasks that outlive a call, and for callers without a loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

CLOSE_SECONDS = 5.0
"""How long tasks may take to end once they are cancelled."""


class BackgroundLoop:
    """Runs coroutines in a background thread.

    Args:
        name: name of the thread.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._closing = False
        self._lock = threading.Lock()  # whatever is started before the end is found and cancelled by it
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> None:
        """Start a coroutine and do not wait for it."""
        asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and return its result. If the waiting thread is interrupted, the coroutine is cancelled.

        Raises:
            RuntimeError: the loop is closed.
        """
        with self._lock:
            if self._closing or not self._thread.is_alive():  # nothing would ever resolve the future
                coroutine.close()
                raise RuntimeError("these replicas were closed; load the model again")
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def iterate(self, items: AsyncIterator[T]) -> Iterator[T]:
        """Yield from an async iterator. Closing this iterator closes the async one."""
        end = object()

        async def step() -> Any:
            return await anext(items, end)

        try:
            while (item := self.run(step())) is not end:
                yield item
        finally:
            if not self._closing:  # otherwise the iterator ends with the loop
                self.run(items.aclose())  # type: ignore[attr-defined]

    def close(self) -> None:
        """Cancel all tasks and end the loop and its thread."""
        with self._lock:
            self._closing = True
            if self._loop.is_running():
                asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        self._thread.join(2 * CLOSE_SECONDS)

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:  # threads wait for them; one that does not end must not keep the loop
            await asyncio.wait(tasks, timeout=CLOSE_SECONDS)
        self._loop.stop()
