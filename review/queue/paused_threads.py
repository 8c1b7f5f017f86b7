"""Find paused runs in LangGraph's checkpoints: threads whose newest checkpoint contains an interrupt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import RunnableConfig
from sqlalchemy import text

from .items import is_request, row_of

if TYPE_CHECKING:
    from langgraph.checkpoint.base import CheckpointTuple

    from .review_store import ReviewStore

# LangGraph's own `list` would read every checkpoint with its whole state; only the ids are needed here.
# Checkpoint ids sort by time. The empty namespace is the outermost graph's.
_PAUSED = """
select distinct w.thread_id from {writes} w
where w.channel = '__interrupt__' and w.checkpoint_ns = ''
and w.checkpoint_id = (select max(c.checkpoint_id) from checkpoints c where c.thread_id = w.thread_id and c.checkpoint_ns = '')
"""


def paused_threads(store: ReviewStore) -> set[str]:
    """Return the ids of paused threads without reading their states."""
    query = _PAUSED.format(writes="checkpoint_writes" if store.postgres else "writes")
    with store.engine.connect() as db:
        return set(db.scalars(text(query)))


def read_requests(store: ReviewStore, threads: Iterable[str]) -> list[dict[str, Any]]:
    """Return the review requests of these threads as rows of `tables.items`, oldest first. Other interrupts are ignored."""
    with store.saver() as saver:
        configs: list[RunnableConfig] = [{"configurable": {"thread_id": thread}} for thread in threads]
        found = [pause for pause in map(saver.get_tuple, configs) if pause is not None]
    return [row for pause in sorted(found, key=lambda pause: pause.checkpoint["ts"]) for row in _rows(pause)]


def _rows(pause: CheckpointTuple) -> Iterator[dict[str, Any]]:
    thread = pause.config["configurable"]["thread_id"]
    # SqliteSaver and PostgresSaver return the same writes; the value is one interrupt or a tuple of them.
    for _, channel, values in pause.pending_writes or ():
        for asked in (values if isinstance(values, list | tuple) else [values]) if channel == "__interrupt__" else []:
            if is_request(asked.value):
                yield row_of(thread, asked.id, asked.value, pause.metadata)
