"""One problem."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """A question with what is known of it.

    Attributes:
        question: the problem in words.
        problem_id: unique within its set.
        reference: the known answer as its data set gives it; None if there is none.
        domain: "math" unless the set says otherwise.
        metadata: what else the set tells, such as `subject` and `level`.
    """

    question: str
    problem_id: str = ""
    reference: str | None = None
    domain: str = "math"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """A name that depends on question and reference only: the same in every file, order and limit."""
        text = f"{' '.join(self.question.split())}\0{self.reference}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def as_input(self) -> dict[str, Any]:
        """Return what a graph takes (`graphs.state.TraceInput`)."""
        return {
            "question": self.question,
            "problem_id": self.problem_id,
            "reference": self.reference,
            "domain": self.domain,
        }
