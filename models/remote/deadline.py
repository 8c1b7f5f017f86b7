"""Deadlines for whole calls. The timeouts of HTTP clients start again with every byte and every retry."""

from __future__ import annotations

import asyncio
import queue
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextvars import copy_context
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")


class CallTimeout(TimeoutError):
    """A call took longer than its deadline allows, retries included."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the reply was not complete after {seconds:g} s, retries included")


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return the result of a blocking call.

    The call runs in a thread of its own. After the deadline the thread is abandoned, because nothing can stop a blocking read.
    It is a daemon thread, so it does not keep the process from ending.

    Args:
        seconds: time limit.
        call: the blocking call.

    Raises:
        CallTimeout: the call takes longer. Also what the call raises.
    """
    result: Future[T] = Future()
    _start(lambda: _resolve(result, call))
    try:
        return result.result(seconds)
    except TimeoutError:
        if result.done():  # the call itself raised it
            raise
        raise CallTimeout(seconds) from None


async def awithin(seconds: float, call: Awaitable[T]) -> T:
    """Return the result of an awaitable, or cancel it after so many seconds and raise `CallTimeout`."""
    try:
        async with asyncio.timeout(seconds) as limit:
            return await call
    except TimeoutError:
        if limit.expired():  # otherwise the call itself raised it
            raise CallTimeout(seconds) from None
        raise


def stream_within(seconds: float, stream: Callable[[], Iterator[T]]) -> Iterator[T]:
    """Yield from a blocking iterator, with one deadline for the whole stream; see `within`."""
    deadline = time.monotonic() + seconds
    # (piece, None), at the end (None, None), or (None, error)
    pieces: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()
    abandoned = Event()

    def read() -> None:
        try:
            for piece in stream():
                if abandoned.is_set():  # nobody reads any more: stop at the next piece
                    return
                pieces.put((piece, None))
            pieces.put((None, None))
        except BaseException as error:
            pieces.put((None, error))

    _start(read)
    try:
        while True:
            piece, error = pieces.get(timeout=max(0.0, deadline - time.monotonic()))
            if error is not None:
                raise error
            if piece is None:
                return
            yield piece
    except queue.Empty:
        raise CallTimeout(seconds) from None
    finally:
        abandoned.set()


async def astream_within(seconds: float, stream: AsyncIterator[T]) -> AsyncIterator[T]:
    """Yield from an asynchronous iterator, with one deadline for the whole stream; see `awithin`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            async with asyncio.timeout_at(deadline) as limit:
                piece = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            if limit.expired():
                raise CallTimeout(seconds) from None
            raise
        yield piece


def _start(work: Callable[[], None]) -> None:
    # the caller's context variables hold LangChain's callbacks; a new thread would start without them
    Thread(target=copy_context().run, args=(work,), name="model-call", daemon=True).start()


def _resolve(result: Future[T], call: Callable[[], T]) -> None:
    try:
        value = call()
    except BaseException as error:
        result.set_exception(error)
    else:
        result.set_result(value)
