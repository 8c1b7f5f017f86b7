"""Solve: the student solves the problem in one of the ways, once or k times with a vote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.language_models import BaseChatModel

from ..prompts import PromptSet
from .asking.driver import ModelNode
from .asking.messages import Plan, Reply
from .question import question_of
from .solving.sampling import Sampling, Shots
from .solving.vote import vote
from .solving.ways import Way
from .state import TraceState


def make_solve(
    student: BaseChatModel,
    prompts: PromptSet,
    way: Way | Callable[[TraceState], Way],
    *,
    samples: int = 1,
    shots: Shots | None = None,
    logprobs: bool = False,
    starts: Callable[[TraceState], bool] = lambda state: False,
) -> ModelNode:
    """Return the node in which the student solves the problem.

    Args:
        student: any chat model.
        prompts: uses the way's prompts, and for a retry `retry`.
        way: how the student is asked and read; a function of the state where a graph has several.
        samples: k of self-consistency, a majority vote over k samples.
        shots: few-shot examples; none unless given.
        logprobs: whether to ask for the probability of the answer, which models that can give put into the solution.
        starts: tells whether this node begins a run, so that usage is counted from zero.

    Raises:
        ValueError: samples is no whole number from 1.
    """
    if not isinstance(samples, int) or samples < 1:
        raise ValueError(f"samples={samples!r} gives no solution; use a whole number from 1")

    def plan(state: TraceState) -> Plan:
        question_of(state)
        sampling = Sampling(student, prompts, state, samples, shots or Shots(), logprobs=logprobs)
        chosen = way if isinstance(way, Way) else way(state)
        per_sample = yield from chosen.ask(sampling, state)
        return _update(chosen, state, per_sample)

    return ModelNode(plan, student, "student", starts)


def is_first_attempt(state: TraceState) -> bool:
    """Tell whether the student has not tried yet in this run."""
    return not state.get("retry_reason")


def _update(way: Way, state: TraceState, per_sample: list[list[Reply]]) -> dict[str, Any]:
    solutions = [way.read(replies, state["question"]) for replies in per_sample]
    winner, agreement = vote([solution["answer"] for solution in solutions])
    return {
        "solutions": solutions,
        "solution": solutions[winner]["text"],
        "program": solutions[winner].get("program"),
        "agreement": agreement,
        "attempts": (state["attempts"] if state.get("retry_reason") else 0) + 1,
    }
