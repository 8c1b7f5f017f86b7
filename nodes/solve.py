"""Solve: the student solves the problem in one of the ways, once, or k times with a majority vote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.language_models import BaseChatModel

from ..prompts import PromptSet
from ..verification import Verifier, as_verifier
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
    verifier: Verifier | None = None,
    starts: Callable[[TraceState], bool] = lambda state: False,
) -> ModelNode:
    """Return the node in which the student solves the problem.

    Args:
        student: any chat model.
        prompts: prompt set; the way's prompts are used, and `retry` for a retry.
        way: how the student is asked and its replies are read; a function of the state if the graph has several ways.
        samples: k of self-consistency, a majority vote over k samples (Wang et al. 2023, arXiv 2203.11171).
        shots: few-shot examples; none by default.
        logprobs: whether to ask for log-probabilities. Solutions then have a `probability` if the model gives them.
        verifier: finds and compares the answers of the samples; mathematics by default, see `as_verifier`.
        starts: returns whether this node begins a run, so that usage is counted from zero.

    Raises:
        ValueError: samples is not a whole number from 1.
    """
    if not isinstance(samples, int) or samples < 1:
        raise ValueError(f"samples={samples!r} is not a number of solutions; use a whole number from 1")

    judge = as_verifier(verifier)

    def plan(state: TraceState) -> Plan:
        question_of(state)  # raises for a missing or oversized question before the student is asked
        sampling = Sampling(student, prompts, state, samples, shots or Shots(), logprobs=logprobs)
        chosen = way if isinstance(way, Way) else way(state)
        per_sample = yield from chosen.ask(sampling, state)
        return _update(chosen, state, per_sample, judge)

    return ModelNode(plan, student, "student", starts)


def is_first_attempt(state: TraceState) -> bool:
    """Return whether this is the student's first attempt in this run."""
    return not state.get("retry_reason")


def _update(way: Way, state: TraceState, per_sample: list[list[Reply]], verifier: Verifier) -> dict[str, Any]:
    """Return the update of the state: all solutions, and the one that won the vote."""
    solutions = [way.read(replies, state["question"], verifier) for replies in per_sample]
    winner, agreement = vote([solution["answer"] for solution in solutions], verifier.equal)
    return {
        "solutions": solutions,
        "solution": solutions[winner]["text"],
        "program": solutions[winner].get("program"),
        "agreement": agreement,
        # a thread may hold the attempts of an earlier question; only a retry adds to them
        "attempts": (state["attempts"] if state.get("retry_reason") else 0) + 1,
    }
