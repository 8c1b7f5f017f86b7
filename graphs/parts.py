"""Parts that the graph files share: the empty graph, few-shot options, routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args, get_type_hints

from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.graph import StateGraph

from ..nodes.solving.sampling import Shots
from ..nodes.state import TraceInput, TraceOutput, TraceState
from ..prompts import PromptSet
from ..prompts.examples import CHOICES, check_shots
from .graph_options import GraphOptions, SolveOptions


def new_graph(options: SolveOptions) -> StateGraph[TraceState, Any, TraceInput, TraceOutput]:
    """Return an empty graph over our state."""
    return StateGraph(
        TraceState, input_schema=TraceInput, output_schema=TraceOutput, context_schema=options.get("context_schema")
    )


def shots_of(options: SolveOptions, prompts: PromptSet) -> Shots:
    """Return the few-shot examples that the options ask for.

    Raises:
        ValueError: the number is negative or more than the prompts have examples, or the way of choosing is unknown.
    """
    count, choice = options.get("shots", 0), options.get("shots_by", "first")
    if not isinstance(count, int) or count < 0:
        raise ValueError(f"shots={count!r} is not a number of examples; use a whole number from 0")
    if choice not in CHOICES:
        raise ValueError(f"shots_by={choice!r} is unknown; use one of {', '.join(map(repr, CHOICES))}")
    check_shots(prompts.examples, count)
    return Shots(count, choice, options.get("shots_seed", 0))


def check_no_steps(options: GraphOptions, what: str) -> None:
    """Refuse options for a teacher's steps where nothing asks for steps.

    Raises:
        ValueError: there is a review, or steps are asked for as JSON.
    """
    if options.get("review", "never") != "never":
        raise ValueError(f"{what} has no steps to review; leave review out, or use another mode")
    if options.get("structured"):
        raise ValueError(f"{what} has no steps to ask for as JSON; leave structured out, or use another mode")


def after_review(state: TraceState) -> Literal["decompose", "solve"]:
    """Send rejected steps back to the teacher."""
    return "decompose" if state.get("rejected") else "solve"


def after_verify(state: TraceState) -> Literal["solve", "__end__"]:
    """Send the student back to solve if verify gives a reason for a retry."""
    return "solve" if state["retry_reason"] else "__end__"


def add_route(graph: StateGraph[Any, Any, Any, Any], node: str, choose: Callable[[TraceState], str]) -> None:
    """Add a conditional edge without a span of its own in traces.

    Args:
        graph: the graph to add to.
        node: where the edge begins.
        choose: takes the state and returns the next node; its return type is a Literal of the choices.
    """
    graph.add_conditional_edges(node, _Route(choose), list(get_args(get_type_hints(choose)["return"])))


class _Route(Runnable[TraceState, str]):
    """A function as a Runnable that reports to no callback. LangGraph would wrap a plain function in one that does."""

    def __init__(self, choose: Callable[[TraceState], str]) -> None:
        self._choose = choose
        self.name = getattr(choose, "__name__", "route")

    def invoke(self, input: TraceState, config: RunnableConfig | None = None, **kwargs: Any) -> str:
        return self._choose(input)

    async def ainvoke(self, input: TraceState, config: RunnableConfig | None = None, **kwargs: Any) -> str:
        return self._choose(input)
