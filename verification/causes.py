"""Label why a solution failed, as far as that can be determined: `error_causes`."""

from __future__ import annotations

from fractions import Fraction

from ..foundation.arguments import need_text, shown
from .notation.quantities import numbers_in
from .verdicts import SolutionCheck, Verdict

# Numbers that solutions use without being given: days of a week, months, minutes, cents of a dollar.
_COMMON = {Fraction(number) for number in (0, 1, 2, 3, 4, 7, 10, 12, 24, 30, 52, 60, 100, 365, 1000)}


def error_causes(verdict: Verdict, check: SolutionCheck, *, question: str | None = None) -> list[str]:
    """Return the causes of a failure: arithmetic_slip, missing_step, misread_quantity, no_answer, format.

    Causes are signs, not proofs. The list may be empty, as for a program that gave a wrong value: its source shows no equations
    and no steps. A correct answer can only have `format`: it is not in the final line that the prompt asks for.

    Args:
        verdict: a verdict with a reference.
        check: the check of the same solution.
        question: needed for `misread_quantity`: a number in an equation that is new, neither given nor computed before.

    Raises:
        TypeError: an argument is of another type, such as the result of another function.
    """
    for name, given, kind in (("verdict", verdict, Verdict), ("check", check, SolutionCheck)):
        if not isinstance(given, kind):
            raise TypeError(f"{name}={shown(given)} is of type {type(given).__name__}; give a {kind.__name__}")
    need_text("question", question, optional=True)
    causes = []
    if verdict.status == "incorrect":
        if check.status == "inconsistent":
            causes.append("arithmetic_slip")
        if any(step.status == "skipped" for step in check.steps):
            causes.append("missing_step")
        if question and _foreign_number(check, question):
            causes.append("misread_quantity")
    if verdict.status == "no_answer":
        causes.append("no_answer")
    # without a strict verdict no format was asked for, as of a program
    elif verdict.strict is not None and verdict.source != "final_line" and verdict.status in ("correct", "incorrect"):
        causes.append("format")
    return causes


def _foreign_number(check: SolutionCheck, question: str) -> bool:
    """Return whether an equation uses an unknown number; percentages and reciprocals of known numbers are known."""
    known = set(numbers_in(question)) | _COMMON
    for equation in check.equations:
        left, _, right = equation.text.rpartition("=")
        numbers = {abs(number) for number in numbers_in(left)}
        # 0.15 for 15 %, and 1/3 or 0.5 for a division by a known number.
        if any(number not in known and number * 100 not in known and 1 / number not in known for number in numbers if number):
            return True
        known |= {abs(number) for number in numbers_in(right)}
    return False
