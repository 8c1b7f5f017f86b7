"""Check a solution without a reference."""

from __future__ import annotations

from .verdicts import SolutionCheck


def check_solution(solution: str, *, question: str | None = None, steps: list[str] | None = None) -> SolutionCheck:
    """Return what the solution's own arithmetic says."""
    return SolutionCheck("unchecked")
