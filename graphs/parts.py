"""What the graph files share."""

from __future__ import annotations

from typing import Any, Literal

from langgraph.graph import StateGraph

from ..nodes.solving.sampling import Shots
from ..nodes.state import TraceInput, TraceOutput, TraceState
from ..prompts.examples import CHOICES
from .options import SolveOptions


def new_graph(options: SolveOptions) -> StateGraph[TraceState, Any, TraceInput, TraceOutput]:
    """Return an empty graph over our state."""
    return StateGraph(
        TraceState, input_schema=TraceInput, output_schema=TraceOutput, context_schema=options.get("context_schema")
    )


def shots_of(options: SolveOptions) -> Shots:
    """Return the few-shot examples that the options ask for.

    Raises:
        ValueError: the number is negative, or the way of choosing is unknown.
    """
    count, choice = options.get("shots", 0), options.get("shots_by", "first")
    if not isinstance(count, int) or count < 0:
        raise ValueError(f"shots={count!r} is no number of examples; use a whole number from 0")
    if choice not in CHOICES:
        raise ValueError(f"shots_by={choice!r} is unknown; use one of {', '.join(map(repr, CHOICES))}")
    return Shots(count, choice, options.get("shots_seed", 0))


def after_verify(state: TraceState) -> Literal["solve", "__end__"]:
    """Let the student try again where verify gives a reason for it."""
    return "solve" if state["retry_reason"] else "__end__"
