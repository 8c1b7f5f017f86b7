"""What an experiment's run needs of the queue: a checkpointer for its event loop, decisions, and to say what arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from .queue import ReviewQueue

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver


class ReviewDesk:
    """Lets `experiments.run_experiment` pause problems in a queue; see `experiments.reviewing.Reviewer`."""

    def __init__(self, queue: ReviewQueue) -> None:
        """Take an open queue."""
        self.queue = queue

    @asynccontextmanager
    async def open(self) -> AsyncIterator[BaseCheckpointSaver]:
        """Open the checkpointer; at the end what paused in the meantime is in the queue."""
        self.queue.refresh()
        async with self.queue.store.asaver() as saver:
            yield saver
        self.queue.refresh()

    def arrived(self) -> None:
        """Put what paused into the queue."""
        self.queue.refresh()

    def answers(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return interrupt id and answer by thread, of what is decided."""
        return self.queue.answers()

    @asynccontextmanager
    async def claim(self, thread_id: str, interrupt_id: str) -> AsyncIterator[bool]:
        """Take a decision while the body goes on with it; False if it was undone just before or a run has it."""
        claim = self.queue.claim(thread_id, interrupt_id)
        taken = await asyncio.to_thread(claim.__enter__)  # this loop's checkpointer may hold the store: it must go on
        try:
            yield taken
        except BaseException as error:
            await asyncio.to_thread(claim.__exit__, type(error), error, error.__traceback__)
            raise
        await asyncio.to_thread(claim.__exit__, None, None, None)
