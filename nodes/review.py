"""Review: a human approves, edits or rejects the steps before the student sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from langgraph.types import interrupt

from .hitl import make_request, read_answer
from .state import Node, TraceState

Policy = Literal["never", "always", "flagged"] | Callable[[TraceState], bool]
"""Which step lists a human reviews: none, all, those that decompose flagged, or those for which a function returns True."""


def make_review(policy: Policy, *, max_revisions: int = 2) -> Node:
    """Return the node that pauses the run where the policy asks for a review.

    The run pauses with `interrupt` and LangChain's `HITLRequest`, and resumes with any answer that `hitl.read_answer` reads.
    An answer that it cannot read leads to a new request that says what was wrong. The node sets `steps` and adds to `reviews`.

    Args:
        policy: which step lists are reviewed, see `Policy`.
        max_revisions: how often the teacher may be asked again. After that a reviewer can only approve or edit.

    Raises:
        ValueError: the policy is unknown.
    """
    asks = wants_person(policy)

    def review(state: TraceState) -> dict[str, Any]:
        if not asks(state):
            return {}
        may_reject = state.get("revisions", 0) < max_revisions
        problem = ""
        while True:
            # on resume LangGraph runs the node again from its top and replays the earlier answers, one per `interrupt`,
            # so nothing before this line may have an effect outside the node
            answer = interrupt(make_request(state, may_reject=may_reject, problem=problem))
            try:
                record, steps = read_answer(answer, state["steps"], may_reject=may_reject)
            except ValueError as error:
                problem = f"**The answer could not be used:** {error}"
                continue
            rejected = record["decision"] == "reject"
            return {"steps": steps, "rejected": rejected, "reviews": [*state.get("reviews", []), record]}

    return review


def wants_person(policy: Policy) -> Callable[[TraceState], bool]:
    """Return the function that decides whether the steps of a state are reviewed.

    New steps after a rejection are always reviewed, flagged or not: the reviewer asked for them.

    Raises:
        ValueError: the policy is unknown.
    """
    chosen = _policy(policy)
    return lambda state: chosen(state) or (policy != "never" and bool(state.get("revisions")))


def _policy(policy: Policy) -> Callable[[TraceState], bool]:
    named: dict[Any, Callable[[TraceState], bool]] = {
        "never": lambda state: False,
        "always": lambda state: True,
        "flagged": lambda state: bool(state.get("flags")),
    }
    chosen = policy if callable(policy) else named.get(policy)
    if chosen is None:
        raise ValueError(f"review={policy!r} is unknown; use {', '.join(map(repr, named))} or a function of the state")
    return chosen
