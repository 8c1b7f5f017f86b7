"""Run many problems concurrently: `work_off`. Concurrency is decided only here, so another engine would replace this file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Unit = TypeVar("Unit")
Result = TypeVar("Result")


@dataclass
class Lane(Generic[Unit]):
    """The work for one model.

    Attributes:
        name: name of the lane, for its tasks.
        units: the units, in order.
        width: maximum number of units in flight.
    """

    name: str
    units: Iterator[Unit]
    width: int


async def work_off(
    lanes: list[Lane[Unit]],
    solve: Callable[[Unit], Awaitable[Result]],
    take: Callable[[Unit, Result], None],
    admit: Callable[[Unit], Awaitable[bool]],
) -> None:
    """Solve all units of all lanes concurrently, in `width` workers per lane.

    Args:
        lanes: the work. Units are drawn one by one, so a lane may be endless.
        solve: returns the result of a unit. It must not raise for a problem that fails.
        take: called with each result as soon as it is known, in the thread of the event loop.
        admit: waits until a unit may start. False ends the worker; units in flight are still finished.

    Raises:
        BaseException: the first exception of `solve`, `take` or `admit`. It cancels all units in flight.
    """

    async def work(lane: Lane[Unit]) -> None:
        # the workers of a lane share its iterator, so each unit is drawn once
        while (unit := next(lane.units, None)) is not None and await admit(unit):
            take(unit, await solve(unit))

    try:
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                for _ in range(lane.width):
                    group.create_task(work(lane), name=lane.name)
    except BaseExceptionGroup as failures:
        # callers handle errors such as AllFail by type, not groups of them
        raise failures.exceptions[0] from None
