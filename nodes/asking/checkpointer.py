"""Pausing for a reviewer needs a place where the paused run is kept."""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph
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


def refuse_checkpointer(graph: CompiledStateGraph[Any, Any, Any, Any]) -> None:
    """Fail if a graph that is to run inside another program keeps its own checkpoints, apart from those of its caller.

    Raises:
        ValueError: the graph was compiled with a checkpointer.
    """
    if isinstance(getattr(graph, "checkpointer", None), BaseCheckpointSaver):
        raise ValueError(
            f"the graph {graph.name!r} has a checkpointer of its own; build it without one, and give one to the parent graph "
            "or the agent: it keeps the pauses of both"
        )
