"""The words that graphs, journals and traces share: statuses, which of them count in the accuracy, and the flag of a leak."""

from __future__ import annotations

from typing import Literal, get_args

Status = Literal["correct", "incorrect", "no_answer", "timeout", "bad_reference", "consistent", "inconsistent", "unchecked"]
"""The status of a verdict. The last three are used when there is no reference."""

RowStatus = Literal[Status, "waiting", "error"]
"""The status of a row: that of the verdict, or "waiting" for a reviewer, or "error" if a model call failed."""

STATUSES: tuple[RowStatus, ...] = (*get_args(Status), "waiting", "error")
"""All statuses of rows, in the order in which tables show them."""

SCORED: tuple[Status, ...] = ("correct", "incorrect", "no_answer")
"""The statuses that count in the accuracy. The others say nothing about the student."""

LEAK = "answer_in_steps"
"""The kind of flag for steps or a hint that contain the reference while the question does not."""


def is_correct(status: str) -> bool | None:
    """Return whether a status counts as correct; None if it is not scored."""
    return status == "correct" if status in SCORED else None
