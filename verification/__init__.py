"""Verification: what a student finally claims, whether it is right, and whether its own arithmetic holds."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .answers import answers_equal, extract_answer, verify_answer
    from .causes import error_causes
    from .pool import close_workers
    from .quantities import numbers_in
    from .solutions import check_solution
    from .verdicts import Equation, Extracted, SolutionCheck, StepCheck, Verdict

_HOMES = {
    "Equation": "verdicts",
    "Extracted": "verdicts",
    "SolutionCheck": "verdicts",
    "StepCheck": "verdicts",
    "Verdict": "verdicts",
    "answers_equal": "answers",
    "check_solution": "solutions",
    "close_workers": "pool",
    "error_causes": "causes",
    "extract_answer": "answers",
    "numbers_in": "quantities",
    "verify_answer": "answers",
}

__all__ = [
    "Equation",
    "Extracted",
    "SolutionCheck",
    "StepCheck",
    "Verdict",
    "answers_equal",
    "check_solution",
    "close_workers",
    "error_causes",
    "extract_answer",
    "numbers_in",
    "verify_answer",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
