"""Call an engine from threads and from event loops, and wait for whole replies or single tokens. The door is `Service`."""

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
    """The callers' side of an engine. A call that is cancelled or times out leaves the batch at the next token.

    Args:
        engine: the engine that serves the calls.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def complete(self, generation: Generation, timeout: float | None) -> Completion:
        """Wait for the whole reply.

        Raises:
            TimeoutError: the reply took longer than `timeout` seconds.
            EngineError: the engine failed or was closed.
        """
        try:
            self._submit(generation)
            generation.result.result(timeout)
            return self.engine.scored(generation)
        except TimeoutError as error:
            raise _too_slow(generation, timeout) from error
        finally:
            generation.result.cancel()  # does nothing if the call is over; after an error it frees the batch

    def _submit(self, generation: Generation) -> None:
        """Submit a call that a thread waits for, and note it so that `interruptible` can cancel it."""
        if (batch := _BATCH.get()) is not None:
            batch.add(generation)
        self.engine.submit(generation)

    async def acomplete(self, generation: Generation, timeout: float | None) -> Completion:
        """Wait for the whole reply without blocking the event loop; cancelling the task cancels the call."""
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
        """Return the completion of a finished call. Likelihoods may take another pass of the model, hence the thread."""
        if generation.options.logprobs is None:
            return generation.result.result()
        return await asyncio.to_thread(self.engine.scored, generation)

    def tokens(self, generation: Generation, timeout: float | None) -> Iterator[int]:
        """Yield token ids as they are generated, then resolve `generation.result`. Closing the iterator cancels the call."""
        left = _seconds_left(timeout)
        arrived: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        generation.listener = arrived.put
        # the end of the call, good or bad, travels through the same queue, after the last token
        generation.result.add_done_callback(lambda _: arrived.put(None))
        try:
            self._submit(generation)
            while (token := arrived.get(timeout=next(left))) is not None:
                yield token
            generation.result.result(0)  # raises if the call failed
        except (TimeoutError, queue.Empty) as error:
            raise _too_slow(generation, timeout) from error
        finally:
            generation.result.cancel()

    async def atokens(self, generation: Generation, timeout: float | None) -> AsyncIterator[int]:
        """Yield token ids in an event loop as they are generated; see `tokens`."""
        left, loop = _seconds_left(timeout), asyncio.get_running_loop()
        arrived: asyncio.Queue[int | None] = asyncio.Queue()

        def tell(token: int | None) -> None:
            try:
                loop.call_soon_threadsafe(arrived.put_nowait, token)
            except RuntimeError:  # the loop is closed, so nobody reads the rest
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
    """The calls that the threads of one `batch` wait for."""

    def __init__(self) -> None:
        self._calls: list[Generation] = []
        self._lock, self._over = threading.Lock(), False

    def add(self, generation: Generation) -> None:
        """Note a call, or cancel it if the batch has ended."""
        with self._lock:
            self._calls.append(generation)
            over = self._over
        if over:
            generation.result.cancel()

    def end(self) -> None:
        """Cancel all calls, and those that will be added later."""
        with self._lock:
            self._over = True
        for generation in self._calls:
            generation.result.cancel()


_BATCH: ContextVar[_Batch | None] = ContextVar("batch", default=None)


def interruptible(call: Callable[[], T]) -> T:
    """Run a function that waits for replies in threads of its own, as LangChain's `batch` does, so that Ctrl-C ends it.

    A thread pool waits for its threads when it ends, so Ctrl-C would wait for every reply in progress. Here it cancels them.

    Returns:
        What the function returns.
    """
    # LangChain's pool copies the context into its threads, so that `_submit` finds this batch there
    batch, context = _Batch(), copy_context()
    context.run(_BATCH.set, batch)
    # in a thread, so that Ctrl-C arrives here before the pool inside `call` starts to wait for its threads
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(context.run, call)
        try:
            return running.result()
        except BaseException:
            batch.end()
            raise


def _seconds_left(timeout: float | None) -> Iterator[float | None]:
    """Yield the seconds that are left at each step, `None` for no limit. The time starts with the first step."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        yield None if end is None else max(end - time.monotonic(), 0.001)


def _too_slow(generation: Generation, timeout: float | None) -> TimeoutError:
    """Return a timeout error that says how many tokens the call had generated."""
    return TimeoutError(
        f"the student did not answer within timeout={timeout} seconds "
        f"({len(generation.tokens)} of at most {generation.options.max_tokens} tokens written); "
        "raise timeout, or lower max_tokens or the number of concurrent calls"
    )
