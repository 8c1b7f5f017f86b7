"""An event loop in a thread of its own, for what must go on beside callers that have loops of their own or none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


class BackgroundLoop:
    """Runs coroutines for threads."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> None:
        """Run a coroutine until it or the loop ends."""
        asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine; an interruption of the thread that waits cancels it."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def iterate(self, items: AsyncIterator[T]) -> Iterator[T]:
        """Yield from an async iterator; closing this one closes that one."""
        end = object()

        async def step() -> Any:
            return await anext(items, end)

        try:
            while (item := self.run(step())) is not end:
                yield item
        finally:
            self.run(items.aclose())  # type: ignore[attr-defined]

    def close(self) -> None:
        """End the loop and all that runs in it."""
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self._cancel_all)
            self._thread.join(10)

    def _cancel_all(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.call_soon(self._loop.stop)
