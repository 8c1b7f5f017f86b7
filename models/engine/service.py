"""Bring calls to an engine and their results back, from threads and from event loops alike."""

from __future__ import annotations

import asyncio
import os
import queue
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future

from .base import Engine
from .requests import Completion, Generation, Places


class Service:
    """One engine, and the places of those who call it.

    Args:
        engine: serves the calls.
        max_pending_calls: calls that may wait in the engine or run; further ones wait outside, in order.
    """

    def __init__(self, engine: Engine, max_pending_calls: int) -> None:
        self.engine = engine
        self.max_pending_calls = max_pending_calls
        self._process, self._places = os.getpid(), Places(max_pending_calls)

    def complete(self, generation: Generation, timeout: float | None) -> Completion:
        """Wait for the whole text.

        Raises:
            TimeoutError: it took longer than `timeout` seconds; the place is free again.
        """
        deadline = _Deadline(timeout)
        try:
            self._enter(generation, deadline)
            generation.result.result(deadline.left())
            return self.engine.scored(generation)
        except TimeoutError as error:
            raise deadline.error(generation) from error
        finally:
            generation.result.cancel()

    async def acomplete(self, generation: Generation, timeout: float | None) -> Completion:
        """Wait for the whole text without holding up the event loop; cancelling the task frees the place."""
        deadline = _Deadline(timeout)
        try:
            async with asyncio.timeout(timeout):
                await self._aenter(generation)
                await asyncio.wrap_future(generation.result)
                return await self.ascored(generation)
        except TimeoutError as error:
            raise deadline.error(generation) from error
        finally:
            generation.result.cancel()

    async def ascored(self, generation: Generation) -> Completion:
        """Return how a call ended; only computing what its tokens' probabilities were needs a thread."""
        if generation.options.logprobs is None:
            return generation.result.result()
        return await asyncio.to_thread(self.engine.scored, generation)

    def tokens(self, generation: Generation, timeout: float | None) -> Iterator[int]:
        """Yield tokens as they come; `generation.result` is resolved afterwards. Closing the iterator frees the place."""
        deadline = _Deadline(timeout)
        arrived: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        generation.listener = arrived.put
        generation.result.add_done_callback(lambda _: arrived.put(None))
        try:
            self._enter(generation, deadline)
            while (token := arrived.get(timeout=deadline.left())) is not None:
                yield token
            generation.result.result(0)
        except (TimeoutError, queue.Empty) as error:
            raise deadline.error(generation) from error
        finally:
            generation.result.cancel()

    async def atokens(self, generation: Generation, timeout: float | None) -> AsyncIterator[int]:
        """Yield tokens as they come to the event loop that iterates."""
        deadline = _Deadline(timeout)
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[int | None] = asyncio.Queue()

        def tell(token: int | None) -> None:
            try:
                loop.call_soon_threadsafe(arrived.put_nowait, token)
            except RuntimeError:  # the loop is closed: nobody reads on
                generation.result.cancel()

        generation.listener = tell
        generation.result.add_done_callback(lambda _: tell(None))
        try:
            await asyncio.wait_for(self._aenter(generation), deadline.left())
            while (token := await asyncio.wait_for(arrived.get(), deadline.left())) is not None:
                yield token
            generation.result.result(0)
        except TimeoutError as error:
            raise deadline.error(generation) from error
        finally:
            generation.result.cancel()

    def _take_place(self) -> Future[None]:
        """A forked child does not inherit the places that its parent's calls hold."""
        if self._process != os.getpid():
            self._process, self._places = os.getpid(), Places(self.max_pending_calls)
        return self._places.take()

    def _enter(self, generation: Generation, deadline: _Deadline) -> None:
        place = self._take_place()
        try:
            place.result(deadline.left())
        except BaseException:
            self._leave(place)
            raise
        self._submit(generation)

    async def _aenter(self, generation: Generation) -> None:
        place = self._take_place()
        try:
            await asyncio.wrap_future(place)
        except BaseException:
            self._leave(place)
            raise
        self._submit(generation)

    def _leave(self, place: Future[None]) -> None:
        if not place.cancel():
            self._places.give_back()

    def _submit(self, generation: Generation) -> None:
        """Hand the call over; its place is free when it is over, however it ends."""
        generation.result.add_done_callback(lambda _: self._places.give_back())
        try:
            self.engine.submit(generation)
        except BaseException as error:
            generation.fail(error)
            raise


class _Deadline:
    """When a call has taken too long."""

    def __init__(self, timeout: float | None) -> None:
        self._timeout, self._start = timeout, time.monotonic()

    def left(self) -> float | None:
        """Return the seconds left, `None` for no limit."""
        if self._timeout is None:
            return None
        return max(self._timeout - (time.monotonic() - self._start), 0.001)

    def error(self, generation: Generation) -> TimeoutError:
        """Return an error that says how far the call came."""
        return TimeoutError(
            f"the student did not answer within timeout={self._timeout} seconds "
            f"({len(generation.tokens)} of at most {generation.options.max_tokens} tokens written); "
            "raise timeout, or lower max_tokens or the number of concurrent calls"
        )
