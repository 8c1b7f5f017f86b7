"""A single problem: `Problem`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """A question and what is known about it.

    Attributes:
        question: the problem in words.
        problem_id: unique within its set.
        reference: the known answer, as in its data set; None if there is none.
        domain: subject area; "math" by default.
        metadata: further columns of the data set, such as `subject` and `level`.
    """

    question: str
    problem_id: str = ""
    reference: str | None = None
    domain: str = "math"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Hash of question and reference: the same problem has the same key in every file, whatever its order or limit."""
        text = f"{' '.join(self.question.split())}\0{self.reference}"
        # "surrogatepass": a problem made in Python may hold lone surrogates.
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def as_input(self) -> dict[str, Any]:
        """Return the problem as input of a graph (`nodes.state.TraceInput`)."""
        return {
            "question": self.question,
            "problem_id": self.problem_id,
            "reference": self.reference,
            "domain": self.domain,
        }
