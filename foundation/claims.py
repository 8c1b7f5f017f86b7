"""What a solution claims: its text, or for a program the value that it returned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def claim_of(text: str, program: object, answer: str | None) -> str:
    """Return the text that a verifier judges: the student's, or for a program (if there is one) a line with its answer."""
    return text if not program else f"Answer: {answer}" if answer is not None else ""


def is_program(row: Mapping[str, Any]) -> bool:
    """Return whether a graph's output, an answer of a served model or an exported row is that of a program.

    In the last two `program_error` is "" for a program that gave a value, and None for other solutions. CSV writes None as "",
    too; but there only the answer of a program has no `answer_source`.
    """
    error = row.get("program_error")
    without_place = error is not None and row.get("answer") not in (None, "") and not row.get("answer_source")
    return bool(row.get("program") or error or without_place)
