"""Pausing for a reviewer needs a place where the paused run is kept."""

from __future__ import annotations

from langgraph.runtime import get_runtime


def require_checkpointer() -> None:
    """Fail unless this run is checkpointed, by its own graph or by a parent's.

    Raises:
        RuntimeError: the run could be paused for review but never resumed.
    """
    info = get_runtime().execution_info
    if info is None or info.thread_id is None:
        raise RuntimeError(
            "review needs a checkpointer, or a paused run could not be resumed: pass one, as in "
            "build_trace_of_thought(..., review='flagged', checkpointer=InMemorySaver()), and a thread_id in the config; "
            "as a subgraph, compile the parent with one"
        )
