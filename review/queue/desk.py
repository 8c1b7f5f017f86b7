"""The queue as an experiment uses it: a checkpointer for the event loop, the decisions, and new items."""

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
        """Create the desk.

        Args:
            queue: an open queue.
        """
        self.queue = queue

    @asynccontextmanager
    async def open(self) -> AsyncIterator[BaseCheckpointSaver]:
        """Open the checkpointer. When it closes, all problems that paused in the meantime are in the queue."""
        self.queue.refresh()
        async with self.queue.store.asaver() as saver:
            yield saver
        self.queue.refresh()

    def arrived(self) -> None:
        """Add newly paused problems to the queue."""
        self.queue.refresh()

    def answers(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return the usable decisions: interrupt id and answer by thread id."""
        return self.queue.answers()

    @asynccontextmanager
    async def claim(self, thread_id: str, interrupt_id: str) -> AsyncIterator[bool]:
        """Hold a decision while the body resumes with it.

        Yields:
            False if the decision was undone or another run has it.
        """
        claim = self.queue.claim(thread_id, interrupt_id)
        # In a thread: the checkpointer of this event loop may hold the store's lock, and waiting here would block it for ever.
        taken = await asyncio.to_thread(claim.__enter__)
        try:
            yield taken
        # BaseException: a cancelled problem has to release its claim, too.
        except BaseException as error:
            await asyncio.to_thread(claim.__exit__, type(error), error, error.__traceback__)
            raise
        await asyncio.to_thread(claim.__exit__, None, None, None)
