"""One item of the queue: a list of steps to review. Start at `Item`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...foundation.visible import has_hidden
from ...nodes.hitl import ACTION
from ...nodes.state import Flag


@dataclass(frozen=True)
class Item:
    """One review: the request and, once there is one, the decision.

    Attributes:
        number: identifies the item in URLs and files.
        subject: hash of the request; threads with the same subject are shown once and decided together.
        state: waiting, decided, taken (a run has the decision) or elsewhere (answered by another program).
        created: time in Unix seconds.
        may_reject: False once the maximum number of revisions is reached.
        distance: words that the reviewer changed.
        seconds: time that the decision took.
        decided: time of the decision in Unix seconds.
        kinds: kinds of the flags, without duplicates.
        reply: the teacher's raw reply, if it holds no steps.
    """

    number: int
    thread_id: str
    interrupt_id: str
    subject: str
    state: str
    experiment: str
    problem_set: str
    teacher: str
    problem_id: str
    question: str
    steps: list[str]
    flags: list[Flag]
    may_reject: bool
    created: float
    answer: dict[str, Any] | None = None
    decision: str | None = None
    reviewer: str | None = None
    comment: str | None = None
    distance: int | None = None
    seconds: float | None = None
    decided: float | None = None
    kinds: list[str] = field(default_factory=list)
    reply: str = ""

    @property
    def must_be_opened(self) -> bool:
        """Whether it must be decided on its own page: the teacher refused, or gave no steps or hidden characters."""
        return not self.steps or bool({"refusal", "hidden_characters"} & set(self.kinds))

    @property
    def given_steps(self) -> list[str]:
        """The steps that the student gets: the reviewer's after an edit, or else the teacher's."""
        decisions = (self.answer or {}).get("decisions") or [{}]
        return list(decisions[0].get("edited_action", {}).get("args", {}).get("steps", self.steps))


def item_from_row(row: Mapping[str, Any]) -> Item:
    """Convert a row of `tables.items` to an item."""
    request = json.loads(row["request"])
    args = request["action_requests"][0]["args"]
    # Columns with the same names as fields are copied; the rest comes from the request, stored as JSON.
    kept = {key: row[key] for key in Item.__dataclass_fields__ if key in row}
    return Item(
        **kept
        | {
            "question": str(args.get("question", "")),
            "steps": [str(step) for step in args.get("steps") or []],
            "flags": list(args.get("flags") or []),
            "may_reject": "reject" in request["review_configs"][0]["allowed_decisions"],
            "answer": json.loads(row["answer"]) if row["answer"] else None,
            "kinds": row["kinds"].split(),
            "reply": str(args.get("reply") or ""),
        }
    )


def is_request(value: Any) -> bool:
    """Return whether an interrupt's value is a request to review steps; other graphs in the store may interrupt, too."""
    try:
        return bool(value["action_requests"][0]["name"] == ACTION and value["review_configs"][0]["allowed_decisions"])
    except (TypeError, KeyError, IndexError):
        return False


def row_of(thread_id: str, interrupt_id: str, request: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a new item.

    Args:
        thread_id: id of the paused thread.
        interrupt_id: id of the interrupt.
        request: the `HITLRequest`.
        about: metadata of the run; `experiment`, `problem_set`, `teacher` and `problem_id` are stored.
    """
    args = request["action_requests"][0]["args"]
    named = {key: str(about.get(key) or "") for key in ("experiment", "problem_set", "teacher", "problem_id")}
    named["problem_id"] = named["problem_id"] or str(args.get("problem_id") or "")
    # The review configs are part of the subject: with and without "reject" are different questions.
    asked = [named, args.get("question"), args.get("steps"), request["review_configs"]]
    kinds = dict.fromkeys(str(flag.get("kind")) for flag in args.get("flags") or [])
    if any(has_hidden(str(step)) for step in args.get("steps") or []):  # graphs of other authors may not flag them
        kinds["hidden_characters"] = None
    return {
        **named,
        "thread_id": thread_id,
        "interrupt_id": interrupt_id,
        "subject": hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:24],
        "state": "waiting",
        "kinds": " ".join(kinds),
        "request": json.dumps(request),  # ASCII, because the database cannot store a lone surrogate
    }
