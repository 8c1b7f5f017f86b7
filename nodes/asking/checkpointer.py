"""A run that pauses for a reviewer needs a checkpointer, and only the outermost graph may have one."""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import get_runtime


def require_checkpointer() -> None:
    """Check, inside a node, that the current run is checkpointed, by its own graph or by a parent's.

    Raises:
        RuntimeError: the run could be paused for review but never resumed.
    """
    # a graph's own `checkpointer` says nothing where a parent keeps the checkpoints; only the runtime knows
    info = get_runtime().execution_info
    if info is None or info.thread_id is None:
        raise RuntimeError(
            "review needs a checkpointer, or a paused run could not be resumed: pass one, as in "
            "build_trace_of_thought(..., review='flagged', checkpointer=InMemorySaver()), and a thread_id in the config; "
            "as a subgraph, compile the parent with one"
        )


def refuse_checkpointer(graph: CompiledStateGraph[Any, Any, Any, Any]) -> None:
    """Check that a graph that will run inside another graph or an agent has no checkpointer of its own.

    Raises:
        ValueError: the graph was compiled with a checkpointer.
    """
    # `checkpointer=True` and None are allowed: both use the parent's
    if isinstance(getattr(graph, "checkpointer", None), BaseCheckpointSaver):
        raise ValueError(
            f"the graph {graph.name!r} has a checkpointer of its own; build it without one, and give one to the parent graph "
            "or the agent: it keeps the pauses of both"
        )
