"""Count the problems of one cell by status, for the curves in MLflow and the progress display."""

from __future__ import annotations

from collections.abc import Mapping

from ...foundation.statuses import SCORED
from ..inference.intervals import wilson


class Tally:
    """What is done in a cell, and how often each failed problem was tried."""

    def __init__(self, counts: Mapping[str, int], total: int) -> None:
        """Start from the rows that the journal has, by status, of a cell with `total` problems."""
        self.counts = {status: number for status, number in counts.items() if status not in ("error", "waiting")}
        self.every = max(1, total // 50)
        self.tries: dict[str, int] = {}

    @property
    def done(self) -> int:
        """Problems with a row that is not a wait or, from earlier sessions, an error."""
        return sum(self.counts.values())

    def count(self, status: str, *, again: bool) -> None:
        """Count a row; `again` takes the place of an error."""
        if again:
            self.counts["error"] -= 1
        self.counts[status] = self.counts.get(status, 0) + 1

    def due(self) -> bool:
        """Return whether the curves get a point now. They get about fifty in all, however many problems there are."""
        return self.done % self.every == 0

    @property
    def errors(self) -> int:
        """Problems that failed."""
        return self.counts.get("error", 0)

    @property
    def correct(self) -> int:
        """Problems solved."""
        return self.counts.get("correct", 0)

    @property
    def scored(self) -> int:
        """Problems that accuracy is a share of."""
        return sum(self.counts.get(status, 0) for status in SCORED)

    def metrics(self) -> dict[str, float]:
        """Return `done`, `errors` and, once something is scored, `accuracy` (0 to 1) with its 95 % interval and `n`.

        MLflow shows metrics in the order in which they first came, so the most important ones are first.
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
