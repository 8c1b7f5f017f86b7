"""Keep a run within its budget, counting what problems in flight may still spend. The door is `Spending`."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..design.config import Budget
from ..journal.records import Row, Totals

OPTIONS = {"max_cost_usd": "--max-cost-usd", "max_tokens": "--max-total-tokens", "max_minutes": "--max-minutes"}
"""Command-line option of each field of `Budget`, for messages."""


class Spending:
    """Counts tokens, cost and time, and admits problems while the budget has room for them.

    A problem in flight reserves as much as the largest problem of its cell has used so far. Nothing is known before the first
    problem of a cell is done, so until then only first problems of other cells may start. A limit can be exceeded only by these
    first problems, and by a problem that uses more than all before it in its cell.

    Attributes:
        tokens: tokens spent, over all sessions.
        cost_usd: known cost in USD, over all sessions.
        cost_known: whether all costs are known.
        stopped_by: the limit that was reached, as on the command line ("--max-minutes=30"); "" while there is room.
    """

    def __init__(self, budget: Budget, totals: Totals) -> None:
        """Start from the totals of earlier sessions; minutes count from now."""
        self.budget = budget
        self.tokens = totals["teacher_tokens"] + totals["student_tokens"]
        self.cost_usd = totals["known_cost_usd"]
        self.cost_known = totals["cost_usd"] is not None
        self.stopped_by = ""
        self._in_flight: Counter[str] = Counter()
        self._largest: dict[str, tuple[int, float]] = {}
        self._freed = asyncio.Event()
        self._started = time.monotonic()

    def add(self, tokens: int, cost_usd: float | None) -> None:
        """Count the tokens and the cost of a reply or a problem; a cost of None is unknown."""
        self.tokens += tokens
        self.cost_usd += cost_usd or 0.0
        self.cost_known = self.cost_known and cost_usd is not None

    async def admit(self, cell: str) -> bool:
        """Wait until the budget has room for one more problem of a cell and reserve it; return False if it never will."""
        while not self.exceeded():
            limit = self._short_of(cell)
            if not limit:
                self._in_flight[cell] += 1
                return True
            # no finished problem can make room any more
            if not self._in_flight.total():
                self.stopped_by = limit
            else:
                await self._freed.wait()
        return False

    def release(self, cell: str, row: Row | None = None) -> None:
        """Free the reservation of a finished problem. Its row, if any, shows what the next problem of the cell may use."""
        self._in_flight[cell] -= 1
        if row is not None:
            tokens, cost_usd = self._largest.get(cell, (0, 0.0))
            self._largest[cell] = max(tokens, _tokens(row)), max(cost_usd, _cost(row))
        # wake all waiting problems; later ones need a new event, since waiting on a set event returns at once
        self._freed.set()
        self._freed = asyncio.Event()

    @property
    def minutes(self) -> float:
        """Minutes since the start of this session."""
        return (time.monotonic() - self._started) / 60

    def exceeded(self) -> str:
        """Return the limit that was reached, or had no room for one more problem; "" if there is room."""
        used = {"max_cost_usd": self.cost_usd, "max_tokens": self.tokens, "max_minutes": self.minutes}
        for name, spent in used.items():
            limit = getattr(self.budget, name)
            if limit is not None and spent >= limit:
                self.stopped_by = self.stopped_by or self._named(name)
        return self.stopped_by

    def _short_of(self, cell: str) -> str:
        """Return the limit that one more problem of a cell could exceed, given those in flight; "" if there is room."""
        reserved = [(self._largest.get(other, (0, 0.0)), count) for other, count in (self._in_flight + Counter([cell])).items()]
        # cells whose first problem is in flight, so that its use is not known yet
        telling = [other for other, count in self._in_flight.items() if count and other not in self._largest]
        wait = telling and (cell in telling or cell in self._largest)
        # minutes cannot be reserved
        for place, (name, spent) in enumerate((("max_tokens", self.tokens), ("max_cost_usd", self.cost_usd))):
            limit = getattr(self.budget, name)
            if limit is None:
                continue
            if wait or spent + sum(largest[place] * count for largest, count in reserved) > limit:
                return self._named(name)
        return ""

    def _named(self, limit: str) -> str:
        return f"{OPTIONS[limit]}={getattr(self.budget, limit):g}"


def _tokens(row: Row) -> int:
    """Return the tokens of a problem. A teacher reply that several cells share counts in each, which may reserve too much."""
    kinds = [f"{role}_{kind}_tokens" for role in ("teacher", "student") for kind in ("input", "output")]
    return sum(part.get(kind) or 0 for part in _paid(row) for kind in kinds)


def _cost(row: Row) -> float:
    return sum(part.get(f"{role}_cost_usd") or 0.0 for part in _paid(row) for role in ("teacher", "student"))


def _paid(row: Row) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return row, row.get("detail", {}).get("counterfactual") or {}
