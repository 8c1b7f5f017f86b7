"""A list of problems that knows where it comes from and what was wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .problem import Problem

Scorer = Callable[[Problem, Mapping[str, Any]], float]
"""A set's own judgement: problem and the graph's output to a score from 0 (wrong) to 1 (right)."""


class ProblemSet(list[Problem]):
    """A list of problems.

    Attributes:
        name: short, for tables.
        source: what it was loaded from.
        issues: what was wrong with the data and how it was handled, one sentence each.
        scorer: the set's own scorer, if mathematics' verdict does not fit.
    """

    def __init__(
        self,
        problems: Iterable[Problem] = (),
        *,
        name: str = "problems",
        source: str = "",
        issues: Iterable[str] = (),
        scorer: Scorer | None = None,
    ) -> None:
        """Make a set; see the attributes."""
        super().__init__(problems)
        self.name = name
        self.source = source or name
        self.issues = list(issues)
        self.scorer = scorer

    @property
    def digest(self) -> str:
        """SHA-256 over the keys of the problems in order, the first 12 hexadecimal digits."""
        return hashlib.sha256("".join(problem.key for problem in self).encode()).hexdigest()[:12]
