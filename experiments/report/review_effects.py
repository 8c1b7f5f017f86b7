"""Summarise the decisions of reviewers and the results of the reviewed problems. The door is `review_summary`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from ...foundation.statuses import SCORED
from ...graphs.methods import is_reviewed
from ..inference.intervals import wilson
from ..journal.journal import Journal
from ..journal.records import Row
from .measures import ReviewSummary
from .table import Cells, interval, shown_columns

Decision = Literal["approve", "edit", "reject"]
Group = Literal["reviewed", "unreviewed", "changed", "original"]


@dataclass
class _Tally:
    """Counts over the rows of one teacher, student and problem set."""

    reviewed: int = 0
    waiting: int = 0
    decisions: Counter[Decision] = field(default_factory=Counter)
    distances: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    solved: Counter[Group] = field(default_factory=Counter)
    scored: Counter[Group] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        reviews = row["detail"].get("reviews") or []
        self.waiting += row["status"] == "waiting"
        self.reviewed += bool(reviews)
        for review in reviews:
            self.decisions[review["decision"]] += 1
            if review["decision"] == "edit":
                self.distances.append(review["edit_distance"])
            if (seconds := review.get("seconds")) is not None:
                self.times.append(seconds)
        self._score("reviewed" if reviews else "unreviewed", row["status"])
        if other := row["detail"].get("counterfactual"):
            # both solutions are of the same problem, so the two shares can be compared
            self._score("changed", row["status"])
            self._score("original", other["status"])

    def _score(self, group: Group, status: str) -> None:
        if status in SCORED:
            self.solved[group] += status == "correct"
            self.scored[group] += 1

    def pair(self, group: Group) -> tuple[int, int]:
        return self.solved[group], self.scored[group]


def review_summary(journal: Journal, cells: Collection[str] | None = None) -> list[ReviewSummary]:
    """Return one summary for each teacher, student and problem set whose plans may be reviewed.

    Args:
        journal: journal of the experiment.
        cells: ids of the cells to read. Default: all.
    """
    tallies: dict[tuple[str, str, str], _Tally] = {}
    for cell in journal.cells():
        if not is_reviewed(cell["mode"], cell.get("review", "never")) or (cells is not None and cell["id"] not in cells):
            continue
        tally = tallies.setdefault((cell["teacher_label"], cell["student_label"], cell["problems"]), _Tally())
        for row in journal.rows(cell["id"], detail=True):
            tally.add(row)
    return [_summary(*key, tally) for key, tally in tallies.items()]


def _summary(teacher: str, student: str, problems: str, tally: _Tally) -> ReviewSummary:
    return {
        "teacher": teacher,
        "student": student,
        "problems": problems,
        "reviewed": tally.reviewed,
        "waiting": tally.waiting,
        "approved": tally.decisions["approve"],
        "edited": tally.decisions["edit"],
        "rejected": tally.decisions["reject"],
        "words": sum(tally.distances) / len(tally.distances) if tally.distances else None,
        "seconds": sum(tally.times) / len(tally.times) if tally.times else None,
        "reviewed_right": tally.pair("reviewed"),
        "unreviewed_right": tally.pair("unreviewed"),
        "changed_right": tally.pair("changed"),
        "original_right": tally.pair("original"),
    }


def review_cells(summaries: list[ReviewSummary]) -> Cells:
    """Return header and rows of the table of reviews."""
    columns: dict[str, list[str]] = {
        "problems": [s["problems"] for s in summaries],
        "student": [s["student"] for s in summaries],
        "teacher": [s["teacher"] for s in summaries],
        "reviewed": [str(s["reviewed"]) for s in summaries],
        "waiting": [str(s["waiting"]) for s in summaries],
        "approved": [str(s["approved"]) for s in summaries],
        "edited": [str(s["edited"]) for s in summaries],
        "rejected": [str(s["rejected"]) for s in summaries],
        "words changed": ["-" if s["words"] is None else f"{s['words']:.1f}" for s in summaries],
        "accuracy reviewed": [_share(s["reviewed_right"]) for s in summaries],
        "not reviewed": [_share(s["unreviewed_right"]) for s in summaries],
        "changed steps": [_share(s["changed_right"]) for s in summaries],
        "their original steps": [_share(s["original_right"]) for s in summaries],
    }
    return shown_columns(columns)


def _share(pair: tuple[int, int]) -> str:
    found = wilson(*pair)
    return f"{interval(found.value, found.low, found.high)} (n={pair[1]})" if pair[1] else "-"
