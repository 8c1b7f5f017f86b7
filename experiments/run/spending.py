"""What a run has spent, and what its calls in flight may still spend, against its budget."""

from __future__ import annotations

import time

from ..design.config import Budget
from ..journal.records import Totals

FIRST_TOKENS = 400
"""Reserved for a problem in flight before the first one has told how many tokens a problem takes."""

OPTIONS = {"max_cost_usd": "--max-cost-usd", "max_tokens": "--max-total-tokens", "max_minutes": "--max-minutes"}
"""How the command line calls the limits of a budget."""


class Spending:
    """Counts tokens, cost and time, and says when a limit is reached.

    What problems in flight are expected to use is reserved, so that a limit is passed by at most what they use beyond the
    average of the problems so far.
    """

    def __init__(self, budget: Budget, totals: Totals) -> None:
        """Start from what earlier sessions spent; the minutes start now."""
        self.budget = budget
        self.tokens = totals["teacher_tokens"] + totals["student_tokens"]
        self.cost_usd = totals["known_cost_usd"]
        self.cost_known = totals["cost_usd"] is not None
        self.in_flight = 0
        self._before = (self.tokens, self.cost_usd)
        self._done = 0
        self._started = time.monotonic()

    def add(self, tokens: int, cost_usd: float | None) -> None:
        """Count one reply or one problem."""
        self.tokens += tokens
        self.cost_usd += cost_usd or 0.0
        self.cost_known = self.cost_known and cost_usd is not None

    def begin(self) -> None:
        """Reserve for a problem that starts."""
        self.in_flight += 1

    def end(self) -> None:
        """Take back the reserve of a problem that is done; what it used has been added."""
        self.in_flight -= 1
        self._done += 1

    @property
    def minutes(self) -> float:
        """Since the start of this session."""
        return (time.monotonic() - self._started) / 60

    def exceeded(self) -> str:
        """Return the limit that is reached, or that one more problem beside those in flight would pass; empty if none is."""
        used = {"max_cost_usd": self.cost_usd, "max_tokens": self.tokens, "max_minutes": self.minutes}
        for name, spent in used.items():
            limit = getattr(self.budget, name)
            reserved = self._expected(name) * (self.in_flight + 1) if self.in_flight else 0.0
            if limit is not None and (spent >= limit or spent + reserved > limit):
                return f"{OPTIONS[name]}={limit:g}"
        return ""

    def _expected(self, limit: str) -> float:
        """Return what a problem uses on average, of what a limit counts."""
        if limit == "max_tokens":
            return (self.tokens - self._before[0]) / self._done if self._done else FIRST_TOKENS
        if limit == "max_cost_usd":
            return (self.cost_usd - self._before[1]) / self._done if self._done else 0.0
        return 0.0
