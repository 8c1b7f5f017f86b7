"""What a run has spent, against its budget."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ..design.config import Budget


class Spending:
    """Counts tokens, cost and time, and says when a limit is reached."""

    def __init__(self, budget: Budget, totals: Mapping[str, Any]) -> None:
        """Start from what earlier sessions spent; the minutes start now."""
        self.budget = budget
        self.tokens = int(totals["teacher_tokens"]) + int(totals["student_tokens"])
        self.cost_usd = float(totals["known_cost_usd"])
        self.cost_known = totals["cost_usd"] is not None
        self._started = time.monotonic()

    def add(self, tokens: int, cost_usd: float | None) -> None:
        """Count one reply or one problem."""
        self.tokens += tokens
        self.cost_usd += cost_usd or 0.0
        self.cost_known = self.cost_known and cost_usd is not None

    @property
    def minutes(self) -> float:
        """Since the start of this session."""
        return (time.monotonic() - self._started) / 60

    def exceeded(self) -> str:
        """Return the limit that is reached, in words; empty if none is."""
        limits = {
            f"max_cost_usd={self.budget.max_cost_usd}": (self.cost_usd, self.budget.max_cost_usd),
            f"max_tokens={self.budget.max_tokens}": (self.tokens, self.budget.max_tokens),
            f"max_minutes={self.budget.max_minutes}": (self.minutes, self.budget.max_minutes),
        }
        return next((name for name, (spent, limit) in limits.items() if limit is not None and spent >= limit), "")
