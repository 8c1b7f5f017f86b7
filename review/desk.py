"""What an experiment's run needs of the queue: a checkpointer for its event loop, decisions, and to say what arrived."""

from __future__ import annotations

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

    def take(self, thread_id: str, interrupt_id: str) -> bool:
        """Claim a decision; False if it was undone just before."""
        return self.queue.take(thread_id, interrupt_id)
