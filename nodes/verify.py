"""Verify: give the solution one status, and decide whether solve runs again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from ..foundation.claims import claim_of
from ..prompts import PromptSet
from ..prompts.sets import asks_for_line
from ..verification import SolutionCheck, Verdict, Verifier, as_verifier, check_solution
from .signals import DOUBT, Condition, answer_of, read_condition
from .solving.ways import Way
from .state import Node, TraceState


def make_verify(
    max_attempts: int = 1,
    verifier: Verifier | None = None,
    *,
    prompts: PromptSet | None = None,
    way: Way | Callable[[TraceState], Way | None] | None = None,
) -> Node:
    """Return the node that sets `verdict`, `check`, `answer`, `status` and `retry_reason`.

    The reason for a retry uses only what would be known in production: no answer, a failed program, wrong arithmetic, samples
    that disagree. It never uses the reference, because that would inflate the accuracy.

    Args:
        max_attempts: maximum attempts per problem.
        verifier: gives the verdict; mathematics by default, see `as_verifier`.
        prompts: prompt set that the solution was asked with. Default: one that asks for a final line "Answer: ...".
        way: how it was asked, as for `make_solve`; a function may return None for the teacher's own solution.

    Raises:
        ValueError: max_attempts is below 1.
    """
    if max_attempts < 1:
        raise ValueError(f"max_attempts={max_attempts} allows no attempt; use 1 or more")

    judge, doubt = as_verifier(verifier), read_condition(DOUBT)

    def verify(state: TraceState) -> dict[str, Any]:
        chosen = way(state) if callable(way) else way
        verdict, check = judged(state, judge, asked=prompts is None or line_asked(chosen, prompts.texts, state))
        reason = _retry_reason(state, doubt) if state["attempts"] < max_attempts else ""
        found = {
            "check": _plain(check),
            "verdict": _plain(verdict),
            "answer": verdict.answer,
            "status": verdict.status,
            "retry_reason": reason,
        }
        # on a thread, the state outlives the problem: the next one may come without a reference
        return found if reason else {**found, "reference": None}

    return verify


def judged(state: TraceState, verifier: Verifier, *, asked: bool = True) -> tuple[Verdict, SolutionCheck]:
    """Return the verdict on the solution, and the check of its arithmetic and steps.

    The verdict is neither strict nor not strict (None) where no final line was asked for (`asked`).

    A program is judged by its value alone, since the numbers in its source claim nothing. It was asked for no final line, so
    the verdict is neither strict nor names a place in the text; and its source shows neither equations nor steps to check.
    """
    claim = claim_of(state["solution"], state.get("program"), answer_of(state))
    verdict = verifier.verify(claim, state.get("reference"), question=state["question"])
    if state.get("program"):
        unchecked = SolutionCheck("unchecked", summary="the arithmetic of a program is not checked.")
        return without_text(verdict), unchecked
    return verdict if asked else replace(verdict, strict=None), check_solution(state["solution"], steps=state.get("steps"))


def without_text(verdict: Verdict) -> Verdict:
    """Return the verdict on a program's value: it is neither strict nor names a place in the student's text."""
    return replace(verdict, source=None, strict=None, sentence=None)


def line_asked(way: Way | None, texts: Mapping[str, str], state: TraceState) -> bool:
    """Return whether a solution was asked to end with a line "Answer: ...".

    Args:
        way: how the student was asked; None for the teacher's own solution.
        texts: the prompts by name.
        state: the steps that the student got.
    """
    used = way.prompts if way else ("solution",)
    if way and way.lesson == "steps":
        # the last prompt is for a student without steps
        used = used[:1] if state.get("steps") else used[-1:]
    return asks_for_line(texts.get(name, "") for name in used)


def _plain(found: SolutionCheck | Verdict) -> dict[str, Any]:
    """Return a result as lists and dicts. The detour over JSON turns tuples into lists, as checkpoints and servers do."""
    return json.loads(json.dumps(asdict(found)))


def _retry_reason(state: TraceState, doubt: Condition) -> str:
    """Return why the student should try again, as a sentence for the student; empty if it should not."""
    reason = doubt.reason(state)
    return f"{reason}." if reason else ""
