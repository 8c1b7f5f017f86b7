"""What reviewers did, and what that changed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ...foundation.statuses import SCORED
from ..inference.intervals import wilson
from ..journal.journal import Journal
from ..journal.records import Row
from .table import interval, shown_columns


def review_summary(journal: Journal, cells: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Return one dict for each teacher and student with reviews.

    Returns:
        `teacher`, `student`, `problems`; `reviewed` and `waiting` (problems), decisions `approved`, `edited`, `rejected`,
        `words` (mean edit distance of edits), `seconds` (mean time of a decision, None if unknown); as pairs of right
        and scored problems `reviewed_right`, `unreviewed_right`, and over the problems whose steps a review changed
        `changed_right` and `original_right` (the counterfactual; (0, 0) unless it was asked for).
    """
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for cell in journal.cells():
        if (cell.get("review") or "never") == "never" or (cells is not None and cell["id"] not in cells):
            continue
        key = (cell["teacher_label"], cell["student_label"], cell["problems"])
        _count(found.setdefault(key, _empty(*key)), list(journal.rows(cell["id"], detail=True)))
    return [_means(entry) for entry in found.values()]


def review_cells(summaries: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the table of reviews."""
    columns = {name: [str(entry[name]) for entry in summaries] for name in ("problems", "student", "teacher")}
    columns |= {name: [str(entry[name]) for entry in summaries] for name in ("reviewed", "waiting", *_DECISIONS.values())}
    columns["words changed"] = ["-" if entry["words"] is None else f"{entry['words']:.1f}" for entry in summaries]
    columns |= {title: [_share(entry[name]) for entry in summaries] for title, name in _SHARES.items()}
    return shown_columns(columns)


_DECISIONS = {"approve": "approved", "edit": "edited", "reject": "rejected"}
_SHARES = {
    "accuracy reviewed": "reviewed_right",
    "not reviewed": "unreviewed_right",
    "changed steps": "changed_right",
    "their original steps": "original_right",
}


def _empty(teacher: str, student: str, problems: str) -> dict[str, Any]:
    counts = dict.fromkeys(("reviewed", "waiting", *_DECISIONS.values()), 0)
    return {
        "teacher": teacher,
        "student": student,
        "problems": problems,
        "distances": [],
        "times": [],
        **counts,
        **dict.fromkeys(_SHARES.values(), (0, 0)),
    }


def _count(entry: dict[str, Any], rows: list[Row]) -> None:
    for row in rows:
        reviews = row["detail"].get("reviews") or []
        entry["waiting"] += row["status"] == "waiting"
        entry["reviewed"] += bool(reviews)
        for review in reviews:
            entry[_DECISIONS[review["decision"]]] += 1
            entry["distances"] += [review["edit_distance"]] if review["decision"] == "edit" else []
            entry["times"] += [review["seconds"]] if review.get("seconds") is not None else []
        _score(entry, "reviewed_right" if reviews else "unreviewed_right", row["status"])
        if other := row["detail"].get("counterfactual"):
            _score(entry, "changed_right", row["status"])
            _score(entry, "original_right", other["status"])


def _score(entry: dict[str, Any], name: str, status: str) -> None:
    if status in SCORED:
        right, all_of_them = entry[name]
        entry[name] = (right + (status == "correct"), all_of_them + 1)


def _means(entry: dict[str, Any]) -> dict[str, Any]:
    distances, times = entry.pop("distances"), entry.pop("times")
    means = {"words": distances, "seconds": times}
    return entry | {name: sum(values) / len(values) if values else None for name, values in means.items()}


def _share(pair: tuple[int, int]) -> str:
    found = wilson(*pair)
    return f"{interval(found.value, found.low, found.high)} (n={pair[1]})" if pair[1] else "-"
