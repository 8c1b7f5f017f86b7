"""Verify: give the solution one status, and decide whether solve runs again."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from ..foundation.claims import claim_of
from ..verification import SolutionCheck, Verdict, Verifier, as_verifier, check_solution
from .signals import DOUBT, Condition, answer_of, read_condition
from .state import Node, TraceState


def make_verify(max_attempts: int = 1, verifier: Verifier | None = None) -> Node:
    """Return the node that sets `verdict`, `check`, `answer`, `status` and `retry_reason`.

    The reason for a retry uses only what would be known in production: no answer, a failed program, wrong arithmetic, samples
    that disagree. It never uses the reference, because that would inflate the accuracy.

    Args:
        max_attempts: maximum attempts per problem.
        verifier: gives the verdict; mathematics by default, see `as_verifier`.

    Raises:
        ValueError: max_attempts is below 1.
    """
    if max_attempts < 1:
        raise ValueError(f"max_attempts={max_attempts} allows no attempt; use 1 or more")

    judge, doubt = as_verifier(verifier), read_condition(DOUBT)

    def verify(state: TraceState) -> dict[str, Any]:
        verdict, check = judged(state, judge)
        return {
            "check": _plain(check),
            "verdict": _plain(verdict),
            "answer": verdict.answer,
            "status": verdict.status,
            "retry_reason": _retry_reason(state, doubt) if state["attempts"] < max_attempts else "",
        }

    return verify


def judged(state: TraceState, verifier: Verifier) -> tuple[Verdict, SolutionCheck]:
    """Return the verdict on the solution, and the check of its arithmetic and steps.

    A program is judged by its value alone, since the numbers in its source claim nothing. It was asked for no final line, so
    the verdict is neither strict nor names a place in the text; and its source shows neither equations nor steps to check.
    """
    claim = claim_of(state["solution"], state.get("program"), answer_of(state))
    verdict = verifier.verify(claim, state.get("reference"), question=state["question"])
    if state.get("program"):
        unchecked = SolutionCheck("unchecked", summary="the arithmetic of a program is not checked.")
        return replace(verdict, source=None, strict=None, sentence=None), unchecked
    return verdict, check_solution(state["solution"], steps=state.get("steps"))


def _plain(found: SolutionCheck | Verdict) -> dict[str, Any]:
    """Return a result as lists and dicts. The detour over JSON turns tuples into lists, as checkpoints and servers do."""
    return json.loads(json.dumps(asdict(found)))


def _retry_reason(state: TraceState, doubt: Condition) -> str:
    """Return why the student should try again, as a sentence for the student; empty if it should not."""
    reason = doubt.reason(state)
    return f"{reason}." if reason else ""
