"""Whose graphs a traced block takes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from trace_of_thought import tracking


async def test_a_task_beside_the_block_is_not_traced(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    inside, done = asyncio.Event(), asyncio.Event()

    async def request(question: str) -> None:
        await inside.wait()
        await make_graph().ainvoke({"question": question})
        done.set()

    other = asyncio.create_task(request("another user's"))
    with tracking.traced("mine"):
        inside.set()
        await done.wait()
        await asyncio.create_task(request("mine"))
    await other
    assert [trace.info.request_preview for trace in traces_in("mine")] == ['{"question": "mine"}']


def test_a_thread_with_an_event_loop_of_its_own_is_inside(
    make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    with tracking.traced("mine"):
        thread = threading.Thread(target=lambda: asyncio.run(make_graph().ainvoke({"question": "6 * 7?"})))
        thread.start()
        thread.join()
    assert len(traces_in("mine")) == 1
