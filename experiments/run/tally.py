"""Count the problems of one cell by status, for its curves: `Tally`."""

from __future__ import annotations

from collections.abc import Mapping

from ...foundation.statuses import SCORED
from ..inference.intervals import wilson


class Tally:
    """Number of rows of a cell by status, and how often each failed problem was run in this session."""

    def __init__(self, counts: Mapping[str, int], total: int) -> None:
        """Start from the rows in the journal.

        Args:
            counts: number of rows by status.
            total: number of problems of the cell.
        """
        # errors and waiting rows of earlier sessions run again, and are counted then
        self.counts = {status: number for status, number in counts.items() if status not in ("error", "waiting")}
        self.every = max(1, total // 50)
        self.tries: dict[str, int] = {}

    @property
    def done(self) -> int:
        """Number of counted rows: all of this session, and of earlier ones those that do not run again."""
        return sum(self.counts.values())

    def count(self, status: str, *, again: bool) -> None:
        """Count a row; with `again` it replaces an error of this session."""
        if again:
            self.counts["error"] -= 1
        self.counts[status] = self.counts.get(status, 0) + 1

    def due(self) -> bool:
        """Return whether the curves get a point now. They get about 50 in all, whatever the number of problems."""
        return self.done % self.every == 0

    @property
    def errors(self) -> int:
        """Number of problems that failed in this session."""
        return self.counts.get("error", 0)

    @property
    def correct(self) -> int:
        """Number of problems solved."""
        return self.counts.get("correct", 0)

    @property
    def scored(self) -> int:
        """Number of problems that count in the accuracy."""
        return sum(self.counts.get(status, 0) for status in SCORED)

    def metrics(self) -> dict[str, float]:
        """Return `done`, `errors` and, once something is scored, `accuracy` (0 to 1) with its 95 % interval and `n`.

        MLflow shows metrics in the order in which they were first logged, so the most important come first.
        """
        found: dict[str, float] = {}
        if self.scored:
            share = wilson(self.correct, self.scored)
            found = {
                "accuracy": share.value,
                "acc_low": share.low or 0.0,
                "acc_high": share.high or 0.0,
                "n": float(self.scored),
            }
        return found | {"done": float(self.done), "errors": float(self.errors)}
