"""Export the queue as JSON and import decisions, for scripts and other tools."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import AlreadyDecided
from .decisions import is_decided_so
from .items import Item
from .queue import ReviewQueue


@dataclass
class Imported:
    """The result of an import.

    Attributes:
        decided: numbers of the decided items.
        before: how many items had this very decision already, as after an import that was interrupted.
        undecided: how many items had no decision.
        refused: the reason for each refused decision, by item number.
    """

    decided: list[int] = field(default_factory=list)
    before: int = 0
    undecided: int = 0
    refused: dict[int, str] = field(default_factory=dict)


def export_items(queue: ReviewQueue, file: Path, **filters: str) -> int:
    """Write the waiting items to a JSON file.

    To decide, fill in `decision` ("approve", "edit" or "reject"). For an edit, change `steps`. `comment` and `reviewer` are
    optional. An item without steps has the teacher's `reply`; to approve it, set `seen` to true. The student then gets the
    problem alone.

    Args:
        queue: an open queue.
        file: the file to write.
        filters: as in `ReviewQueue.pending`.

    Returns:
        The number of items written.
    """
    queue.refresh()
    rows = [_exported(item) for item in queue.pending(**filters)]
    file.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return len(rows)


def import_decisions(queue: ReviewQueue, file: Path, *, reviewer: str = "") -> Imported:
    """Read the decisions in an exported file; items without a decision stay in the queue.

    Args:
        queue: an open queue.
        file: a file written by `export_items`.
        reviewer: name for decisions that name none.

    Raises:
        ValueError: the file does not contain exported reviews.
    """
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("item"), int) for row in rows):
            raise ValueError("it must be a list of objects with a number 'item'")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file} does not hold exported reviews: {error}") from error
    queue.refresh()
    result = Imported()
    for row in rows:
        if not row.get("decision"):
            result.undecided += 1
            continue
        try:
            item = queue.item(row["item"])
            # Numbers start at 1 in every store; the subject shows that the file was exported from this one.
            if row.get("subject") != item.subject:
                raise ValueError("this item belongs to another store: export again")
            if not item.steps and row["decision"] == "approve" and row.get("seen") is not True:
                raise ValueError("the teacher gave no steps: read 'reply', then set 'seen' to true to approve")
            decision, name = _decision(row), str(row.get("reviewer") or reviewer)
            if is_decided_so(item, decision, reviewer=name):
                result.before += 1
                continue
            queue.decide(item.number, decision, reviewer=name)
            result.decided.append(item.number)
        # OverflowError: a number too large for the database.
        except (AlreadyDecided, ValueError, LookupError, OverflowError) as error:
            result.refused[row["item"]] = str(error)
    return result


def _exported(item: Item) -> dict[str, Any]:
    about = {name: getattr(item, name) for name in ("experiment", "problem_set", "teacher", "problem_id", "question", "steps")}
    return {
        "item": item.number,
        "subject": item.subject,
        **about,
        "flags": item.flags,
        "allowed": ["approve", "edit", *(["reject"] if item.may_reject else [])],
        **({} if item.steps else {"reply": item.reply, "seen": False}),
        "decision": "",
        "comment": "",
        "reviewer": "",
    }


def _decision(row: dict[str, Any]) -> dict[str, Any]:
    kind = str(row["decision"]).strip().lower()
    edited = {"args": {"steps": row.get("steps")}} if kind == "edit" else {}
    return {"type": kind, "message": str(row.get("comment") or ""), **edited}
