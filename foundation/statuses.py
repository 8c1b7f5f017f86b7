"""How a problem can end: the statuses of a verdict, those that only a row of an experiment has, and which are scored."""

from __future__ import annotations

from typing import Literal, get_args

Status = Literal["correct", "incorrect", "no_answer", "timeout", "bad_reference", "consistent", "inconsistent", "unchecked"]
"""The status of a verdict; the last three are given where there is no reference."""

RowStatus = Literal[Status, "waiting", "error"]
"""The status of a row: as the verdict, or the problem waits for a reviewer, or a model call failed."""

STATUSES: tuple[RowStatus, ...] = (*get_args(Status), "waiting", "error")

SCORED: tuple[Status, ...] = ("correct", "incorrect", "no_answer")
"""The statuses that accuracy is a share of. The others say nothing about the student."""


def is_correct(status: str) -> bool | None:
    """Return whether a status counts as right; None if it is not scored."""
    return status == "correct" if status in SCORED else None
