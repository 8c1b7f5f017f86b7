"""Where problems are handed to workers. Nothing else in this project knows how: another engine replaces this file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Unit = TypeVar("Unit")
Result = TypeVar("Result")


@dataclass
class Lane(Generic[Unit]):
    """The work for one model: its units, in order, and how many may be in flight at a time."""

    name: str
    units: Iterator[Unit]
    width: int


async def work_off(
    lanes: list[Lane[Unit]],
    solve: Callable[[Unit], Awaitable[Result]],
    take: Callable[[Unit, Result], None],
    admit: Callable[[Unit], Awaitable[bool]],
) -> None:
    """Solve all units of all lanes side by side.

    Args:
        lanes: their units are drawn one by one, so that a lane may be endless.
        solve: turns a unit into its result, in any process or machine; must not raise for a problem that fails.
        take: gets each result in this thread as soon as it is there; what it raises ends the work.
        admit: waits until a unit may start; False ends the worker, and units in flight are finished.
    """

    async def work(lane: Lane[Unit]) -> None:
        while (unit := next(lane.units, None)) is not None and await admit(unit):
            take(unit, await solve(unit))

    try:
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                for _ in range(lane.width):
                    group.create_task(work(lane), name=lane.name)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
