"""Bring calls to an engine and their results back, from threads and from event loops alike."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import TypeVar

from .base import Engine
from .requests import Completion, Generation

T = TypeVar("T")


class Service:
    """What callers use of an engine. A cancelled call frees its place in the batch at the next token.

    Args:
        engine: serves the calls.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def complete(self, generation: Generation, timeout: float | None) -> Completion:
        """Wait for the whole text.

        Raises:
            TimeoutError: it took longer than `timeout` seconds.
        """
        try:
            self._submit(generation)
            generation.result.result(timeout)
            return self.engine.scored(generation)
        except TimeoutError as error:
            raise _too_slow(generation, timeout) from error
        finally:
            generation.result.cancel()

    def _submit(self, generation: Generation) -> None:
        """Hand over a call that a thread waits for."""
        if (batch := _BATCH.get()) is not None:
            batch.add(generation)
        self.engine.submit(generation)

    async def acomplete(self, generation: Generation, timeout: float | None) -> Completion:
        """Wait for the whole text without holding up the event loop; cancelling the task frees the place."""
        try:
            async with asyncio.timeout(timeout):
                self.engine.submit(generation)
                await asyncio.wrap_future(generation.result)
                return await self.ascored(generation)
        except TimeoutError as error:
            raise _too_slow(generation, timeout) from error
        finally:
            generation.result.cancel()

    async def ascored(self, generation: Generation) -> Completion:
        """Return how a call ended; only computing what its tokens' probabilities were needs a thread."""
        if generation.options.logprobs is None:
            return generation.result.result()
        return await asyncio.to_thread(self.engine.scored, generation)

    def tokens(self, generation: Generation, timeout: float | None) -> Iterator[int]:
        """Yield tokens as they come; `generation.result` is resolved afterwards. Closing the iterator frees the place."""
        left = _seconds_left(timeout)
        arrived: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        generation.listener = arrived.put
        generation.result.add_done_callback(lambda _: arrived.put(None))
        try:
            self._submit(generation)
            while (token := arrived.get(timeout=next(left))) is not None:
                yield token
            generation.result.result(0)
        except (TimeoutError, queue.Empty) as error:
            raise _too_slow(generation, timeout) from error
        finally:
            generation.result.cancel()

    async def atokens(self, generation: Generation, timeout: float | None) -> AsyncIterator[int]:
        """Yield tokens as they come to the event loop that iterates."""
        left, loop = _seconds_left(timeout), asyncio.get_running_loop()
        arrived: asyncio.Queue[int | None] = asyncio.Queue()

        def tell(token: int | None) -> None:
            try:
                loop.call_soon_threadsafe(arrived.put_nowait, token)
            except RuntimeError:  # the loop is closed: nobody reads on
                generation.result.cancel()

        generation.listener = tell
        generation.result.add_done_callback(lambda _: tell(None))
        try:
            self.engine.submit(generation)
            while (token := await asyncio.wait_for(arrived.get(), next(left))) is not None:
                yield token
            generation.result.result(0)
        except TimeoutError as error:
            raise _too_slow(generation, timeout) from error
        finally:
            generation.result.cancel()


class _Batch:
    """The calls that the threads of one batch wait for."""

    def __init__(self) -> None:
        self._calls: list[Generation] = []
        self._lock, self._over = threading.Lock(), False

    def add(self, generation: Generation) -> None:
        """Note a call; one that comes after the end is cancelled."""
        with self._lock:
            self._calls.append(generation)
            over = self._over
        if over:
            generation.result.cancel()

    def end(self) -> None:
        """Cancel all calls."""
        with self._lock:
            self._over = True
        for generation in self._calls:
            generation.result.cancel()


_BATCH: ContextVar[_Batch | None] = ContextVar("batch", default=None)


def interruptible(call: Callable[[], T]) -> T:
    """Return what a call returns that waits for calls of a student in threads of its own, as LangChain's `batch` does.

    Python ends a thread pool by waiting for its threads, so Ctrl-C would wait for every reply under way. Here it cancels them.
    """
    batch, context = _Batch(), copy_context()
    context.run(_BATCH.set, batch)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(context.run, call)
        try:
            return running.result()
        except BaseException:
            batch.end()
            raise


def _seconds_left(timeout: float | None) -> Iterator[float | None]:
    """Yield how many of so many seconds are left, `None` for no limit."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        yield None if end is None else max(end - time.monotonic(), 0.001)


def _too_slow(generation: Generation, timeout: float | None) -> TimeoutError:
    """Return an error that says how far the call came."""
    return TimeoutError(
        f"the student did not answer within timeout={timeout} seconds "
        f"({len(generation.tokens)} of at most {generation.options.max_tokens} tokens written); "
        "raise timeout, or lower max_tokens or the number of concurrent calls"
    )
