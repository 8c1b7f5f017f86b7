"""LangChain's human-in-the-loop (HITL) request, and every form of answer that reviewing programs give to it."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from ..foundation.visible import visible
from .state import ReviewRecord, TraceState
from .steps import MAX_CHARACTERS, number_steps, parse_steps

ACTION = "review_steps"
"""Name of the action in the request, which Agent Inbox shows as its title."""

Decision = dict[str, Any]

# approve, edit and reject are LangChain's words; accept, ignore and response are those of Agent Inbox
_KINDS: dict[str, Literal["approve", "edit", "reject"]] = {
    "approve": "approve",
    "accept": "approve",
    "edit": "edit",
    "reject": "reject",
    "ignore": "reject",
    "response": "reject",
}


def make_request(state: TraceState, *, may_reject: bool = True, problem: str = "") -> dict[str, Any]:
    """Return the `HITLRequest` that asks a reviewer to approve, edit or reject the steps.

    Args:
        state: the question, its steps and flags.
        may_reject: False if the teacher will not be asked again; the request then does not offer to reject.
        problem: what was wrong with the reviewer's last answer, in Markdown, shown on top; empty for a first request.

    Returns:
        Plain data for `interrupt`. The description is Markdown with hidden characters made visible; `args` holds the texts
        unchanged.
    """
    steps = state["steps"]
    reasons = [f"- {reason}" for reason in reasons_of(state)]
    parts = [problem, f"**Problem**\n\n{visible(state['question'])}"]
    parts += [f"**Steps**\n\n{visible(number_steps(steps)) or '(none)'}"]
    parts += ["**Flags**\n\n" + "\n".join(reasons)] if reasons else []
    args = {"question": state["question"], "steps": steps, "flags": state.get("flags", [])}
    # without steps the reviewer has to see what the teacher wrote instead
    if not steps and (reply := state.get("decomposition")):
        shown = reply[:MAX_CHARACTERS]
        args["reply"] = shown
        parts.append(f"**The teacher's reply**\n\n{visible(shown)}")
    if state.get("problem_id"):
        args["problem_id"] = state["problem_id"]
    decisions = ["approve", "edit", *(["reject"] if may_reject else [])]
    return {
        "action_requests": [{"name": ACTION, "args": args, "description": "\n\n".join(part for part in parts if part)}],
        "review_configs": [{"action_name": ACTION, "allowed_decisions": decisions}],
    }


def reasons_of(state: TraceState) -> list[str]:
    """Return one line per flag: its kind, the detail and the step."""
    return [f"{flag['kind']}: {flag['detail']}" + _where(flag["step"]) for flag in state.get("flags", [])]


def read_answer(answer: Any, shown: list[str], *, may_reject: bool = True) -> tuple[ReviewRecord, list[str]]:
    """Read a reviewer's answer in any of the forms in use.

    Args:
        answer: `{"decisions": [...]}`, a bare decision, a list of them, Agent Inbox's
            `[{"type": "accept" | "ignore" | "response" | "edit", "args": ...}]`, "approve", or any of these as JSON text.
            The keys `reviewer`, `message` (or `comment`) and `seconds` (time that the reviewer took) are kept.
        shown: the steps that were shown. An edit that changes nothing counts as an approval.
        may_reject: False if the teacher will not be asked again.

    Returns:
        The record of the decision, and the steps that the student gets.

    Raises:
        ValueError: the answer has none of these forms, or rejects where that is not possible; the message says which.
    """
    decision = _one_decision(_from_json(answer))
    kind = _KINDS.get(str(decision.get("type")))
    # newer LangChain has "respond" for tools: a human gives the result. The steps are no such result.
    if decision.get("type") == "respond":
        raise ValueError("'respond' would answer in place of the teacher; use edit to give steps, or reject to send a comment")
    if kind is None:
        raise ValueError(f"decision type {decision.get('type')!r} is unknown; use approve, edit or reject")
    if kind == "reject" and not may_reject:
        raise ValueError("the teacher may not be asked again for this problem; approve or edit the steps")
    kept = _edited(decision) if kind == "edit" else shown
    if kind == "edit" and kept == [step.strip() for step in shown]:
        kind, kept = "approve", shown
    record = ReviewRecord(
        decision=kind,
        comment=_comment(decision, kind),
        reviewer=str(decision.get("reviewer") or ""),
        steps=shown,
        edit_distance=edit_distance(shown, kept),
    )
    if isinstance(seconds := decision.get("seconds"), int | float):
        record["seconds"] = float(seconds)
    return record, kept


def edit_distance(before: list[str], after: list[str]) -> int:
    """Return how many words were inserted, deleted or replaced (Levenshtein); a line break counts as a word."""
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(*("\n".join(steps).replace("\n", " \n ").split(" ") for steps in (before, after)))


def _from_json(answer: Any) -> Any:
    """Parse an answer that is JSON text; take any other text as the name of a decision, such as "approve"."""
    if not isinstance(answer, str):
        return answer
    if answer.strip()[:1] not in ("{", "["):
        return {"type": answer.strip().lower()}
    try:
        return json.loads(answer)
    except (ValueError, RecursionError) as error:  # RecursionError: brackets nested thousands of levels deep
        raise ValueError(f"the answer is not valid JSON: {error}") from error


def _one_decision(answer: Any) -> Decision:
    """Return the single decision in an answer; `reviewer` and `seconds` may stand beside the list of decisions."""
    around = {}
    if isinstance(answer, dict) and "decisions" in answer:
        around = {key: answer.get(key) for key in ("reviewer", "seconds")}
        answer = answer["decisions"]
    if isinstance(answer, list):
        if len(answer) != 1:
            raise ValueError(f"the answer has {len(answer)} decisions; give one, for the one list of steps")
        answer = answer[0]
    if not isinstance(answer, dict):
        raise ValueError(f"the answer {str(answer)[:80]!r} is not a decision; give {{'decisions': [{{'type': 'approve'}}]}}")
    return {**around, **{key: value for key, value in answer.items() if value is not None}}


def _comment(decision: Decision, kind: str) -> str:
    """Return the reviewer's comment. Agent Inbox puts that of a rejection into `args`."""
    args = decision.get("args")
    comment = decision.get("message") or decision.get("comment") or decision.get("note")
    if not comment and kind == "reject":
        comment = args if isinstance(args, str) else ""
    return str(comment or "")


def _edited(decision: Decision) -> list[str]:
    """Return the edited steps: a list, or text that is parsed as a teacher's reply is, bare or as JSON."""
    # LangChain nests twice (edited_action.args.steps), Agent Inbox once or twice (args or args.args), people write less
    action = decision.get("edited_action") or decision.get("args") or {}
    args = _from_json_text(action.get("args", action) if isinstance(action, dict) else action)
    steps = _from_json_text(args.get("steps") if isinstance(args, dict) else args)
    if isinstance(steps, str):
        steps = parse_steps(steps) or [line.strip() for line in steps.splitlines()]
    if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
        raise ValueError(f"an edit needs args {{'steps': [text, ...]}}, not {str(steps)[:80]!r}")
    kept = [step.strip() for step in steps if step.strip()]
    if not kept:
        raise ValueError("the edited list has no steps; give at least one, or reject")
    return kept


def _from_json_text(value: Any) -> Any:
    """Parse text that is a JSON list or object; return anything else unchanged. A form field may hold either."""
    if isinstance(value, str) and re.match(r"\s*[\[{]", value):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _where(step: int | None) -> str:
    return "" if step is None else f" (step {step + 1})"
