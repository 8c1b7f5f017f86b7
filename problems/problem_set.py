"""A list of problems with its source and the issues found while loading it: `ProblemSet`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .problem import Problem

Scorer = Callable[[Problem, Mapping[str, Any]], float]
"""A scorer takes a problem and the graph's output and returns a score from 0 (wrong) to 1 (right)."""


class ProblemSet(list[Problem]):
    """A list of problems.

    Attributes:
        name: short name for tables.
        source: where it was loaded from.
        issues: one sentence per kind of issue in the data, which says how it was handled.
        scorer: the set's own scorer, if its answers cannot be verified as mathematics.
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
        """Create a set from problems; the other arguments are its attributes."""
        super().__init__(problems)
        self.name = name
        self.source = source or name
        self.issues = list(issues)
        self.scorer = scorer

    @property
    def digest(self) -> str:
        """SHA-256 of the problems' keys in order, first 12 hexadecimal digits."""
        return hashlib.sha256("".join(problem.key for problem in self).encode()).hexdigest()[:12]
