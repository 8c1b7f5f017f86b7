"""Wait for the results of calls to replicas. A model's own errors are raised as they are, lost calls as errors of Ray."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import ray

T = TypeVar("T")

GRACE_SECONDS = 1.0
"""Seconds added to a call's timeout here. The replica's own timeout comes first, since its error says how far the call came."""


async def result_of(ref: Any) -> Any:
    """Return the result of a call; cancelling the wait cancels the call.

    Raises:
        RayError: the call was lost with its replica. Also what the model raises.
    """
    try:
        return await ref
    except asyncio.CancelledError:
        cancel(ref)
        raise
    except ray.exceptions.RayTaskError as error:
        raise _own_error(error) from None


async def next_of(refs: Any) -> Any:
    """Return the next chunk of a stream, None at its end; raises as `result_of` does."""
    try:
        return await (await anext(refs))
    except StopAsyncIteration:
        return None
    except ray.exceptions.RayTaskError as error:
        raise _own_error(error) from None


def cancel(ref: Any) -> None:
    """Cancel a call or stream in its replica."""
    with suppress(Exception):  # the call or its replica has ended
        ray.cancel(ref)


def _own_error(error: Any) -> BaseException:
    """Return the error that the model raised. A call that was cancelled in the replica counts as lost: an error of Ray."""
    cause = error.cause
    if isinstance(cause, asyncio.CancelledError | ray.exceptions.TaskCancelledError):
        return ray.exceptions.RaySystemError("the replica was stopped during the call")
    if isinstance(cause, ray.exceptions.RayError):  # Ray could not pickle the model's error
        return RuntimeError(str(cause))
    return cause


class Limit:
    """Time limit of one call, over all its waits together.

    Args:
        seconds: timeout of the call, None for no limit.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._end = None if seconds is None else time.monotonic() + seconds + GRACE_SECONDS

    async def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine.

        Raises:
            TimeoutError: the call has used up its time.
        """
        if self._end is None:
            return await coroutine
        try:
            async with asyncio.timeout(max(0.0, self._end - time.monotonic())) as timer:
                return await coroutine
        except TimeoutError as error:
            if not timer.expired():  # the model's own error, which says how far the call came
                raise
            raise TimeoutError(
                f"no replica answered within timeout={self._seconds} seconds, waiting included; raise timeout, or lower "
                "max_tokens or the number of concurrent calls"
            ) from error
