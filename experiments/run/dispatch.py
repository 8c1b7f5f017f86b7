"""Hand problems to workers. Nothing else in this project knows how, so another engine would replace only this file."""

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
        lanes: the work. Units are drawn one by one, so a lane may be endless.
        solve: returns the result of a unit. It must not raise for a problem that fails.
        take: called with each result, in this thread, as soon as it is known. An exception from it ends the work.
        admit: waits until a unit may start. False ends the worker; units in flight are still finished.
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
