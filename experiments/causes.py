"""Why a problem ended as it did, from its row alone: for the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def cause(row: Mapping[str, Any]) -> str:
    """Return "correct", or what went wrong in a word or two.

    A wrong answer is an arithmetic slip if the solution's own arithmetic does not hold; the cause that the check of the
    solution names comes first.
    """
    status = row["status"]
    if status in ("no_answer", "incorrect") and "length" in (row["finish_reason"] or ""):
        return "token limit reached"
    if status == "no_answer":
        return "no answer"
    if status != "incorrect":
        return status.replace("_", " ")
    check = row.get("detail", {}).get("check") or {}
    named = check.get("cause")
    if isinstance(named, str) and named:
        return named.replace("_", " ")
    return "arithmetic slip" if check.get("status") == "inconsistent" else "other wrong answer"
