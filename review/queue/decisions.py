"""Convert decisions and events to rows of the tables. Start at `row_of_decision`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from ...nodes.hitl import ACTION, edit_distance, read_answer
from .items import Item

DECISION = ("answer", "decision", "reviewer", "comment", "distance", "seconds", "decided")
"""The columns of `tables.items` that a decision fills."""


def row_of_decision(item: Item, given: Any, *, reviewer: str, seconds: float | None) -> dict[str, Any]:
    """Return the columns of `tables.items` that store a decision.

    Args:
        item: the item that was decided.
        given: a decision in any form that `nodes.hitl.read_answer` accepts.
        reviewer: the reviewer's name; empty takes the name in the answer.
        seconds: time that the decision took; None takes the time in the answer.

    Raises:
        ValueError: the answer cannot be read, or it rejects the steps without a comment.
    """
    record, steps = read_answer(given, item.steps, may_reject=item.may_reject)
    if record["decision"] == "reject" and not record["comment"].strip():
        raise ValueError("sending back needs a comment: it tells the teacher what to change")
    name = reviewer or record["reviewer"]
    spent = record.get("seconds") if seconds is None else round(seconds, 1)
    # Store the answer in one form, LangChain's HITL response, whatever form it came in.
    decision: dict[str, Any] = {"type": record["decision"]}
    if record["comment"]:
        decision["message"] = record["comment"]
    if record["decision"] == "edit":
        decision["edited_action"] = {"name": ACTION, "args": {"steps": steps}}
    return {
        "answer": json.dumps({"decisions": [decision], "reviewer": name, "seconds": spent}),
        "decision": record["decision"],
        "comment": record["comment"],
        "reviewer": name,
        "distance": edit_distance(item.steps, steps),
        "seconds": spent,
        "decided": time.time(),
    }


def is_decided_so(item: Item, given: Any, *, reviewer: str) -> bool:
    """Return whether this very decision is stored already: the same answer of the same reviewer.

    Args:
        item: the item.
        given: a decision in any form that `nodes.hitl.read_answer` accepts.
        reviewer: the reviewer's name; empty takes the name in the answer.

    Raises:
        ValueError: as in `row_of_decision`.
    """
    answer = json.loads(row_of_decision(item, given, reviewer=reviewer, seconds=None)["answer"])
    return item.answer is not None and {**item.answer, "seconds": None} == {**answer, "seconds": None}


def row_of_event(item: Item, what: str, reviewer: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of `tables.events`: who did what to an item, and when."""
    facts = {name: kept.get(name) for name in ("distance", "seconds")}
    about = {"subject": item.subject, "item": item.number, "what": what, "reviewer": reviewer}
    return {"at": time.time(), "comment": kept.get("comment") or "", **about, **facts}


def already_decided(item: Item) -> str:
    """Return the message for a second reviewer: who decided first, and when."""
    who = item.reviewer or "somebody"
    if item.state == "elsewhere":
        return f"the review of {item.problem_id or item.number} was answered by another program"
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(item.decided)) if item.decided else "before"
    return f"{who} has decided on {item.problem_id or item.number} already ({item.decision}, {when})"
