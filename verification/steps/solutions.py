"""Check a solution without a reference: its equations, and whether it carries out the teacher's steps."""

from __future__ import annotations

from fractions import Fraction

from ...foundation.arguments import need_text, need_texts
from ..notation.asked import content_words
from ..notation.clean import clean
from ..notation.quantities import numbers_in
from ..verdicts import Equation, SolutionCheck, StepCheck
from .equations import find_equations
from .operations import lines_by_operation, operation_named

MAX_STEPS = 50
MAX_LINES = 400
CARRIED_OUT = 0.5
"""Share of a step's content words (0 to 1) that a line of the solution must contain; 0.35 if they share a number."""


def check_solution(solution: str, *, steps: list[str] | None = None) -> SolutionCheck:
    """Check a solution's own arithmetic, without any reference.

    Args:
        solution: the student's solution.
        steps: the teacher's steps. Each is carried out (a line shares its words, or does the operation that it asks for),
            contradicted (there is a wrong equation at its place), skipped (its operation is done nowhere) or unknown.

    Raises:
        TypeError: the solution is no text, or the steps are no list of texts.
    """
    need_text("solution", solution)
    need_texts("steps", steps or [])
    equations = tuple(find_equations(solution))
    wrong = [place for place, equation in enumerate(equations) if not equation.ok]
    checked = tuple(_check_steps(solution, steps or [], equations))
    if not equations:
        return SolutionCheck("unchecked", summary="no equation could be checked.", steps=checked)
    if not wrong:
        return SolutionCheck("consistent", equations, summary=_all_hold(len(equations)), steps=checked)
    first = equations[wrong[0]]
    return SolutionCheck("inconsistent", equations, wrong[0], f"{first.text} is wrong: it is {first.correct}.", checked)


def _check_steps(solution: str, steps: list[str], equations: tuple[Equation, ...]) -> list[StepCheck]:
    lines = clean(solution[:20_000]).split("\n")[:MAX_LINES]
    words = [content_words(line) for line in lines]
    numbers = [set(numbers_in(line)) for line in lines]
    # Of several wrong equations in a line the first counts.
    wrong = {equation.line: equation for equation in reversed(equations) if not equation.ok}
    steps = steps[:MAX_STEPS]
    best = lines_by_operation(steps, lines, [_best_line(step, words, numbers) for step in steps])
    taken = {line for line in best if line is not None}
    found = []
    for place, line in enumerate(best):
        if line is None:
            found.append(StepCheck(place, "skipped" if operation_named(steps[place]) else "unknown", ""))
            continue
        # The equation of a step may be on the next line.
        slip = wrong.get(line) or (wrong.get(line + 1) if line + 1 not in taken else None)
        evidence = slip.text if slip else lines[line].strip()[:200]
        found.append(StepCheck(place, "contradicted" if slip else "carried_out", evidence))
    return found


def _best_line(step: str, words: list[frozenset[str]], numbers: list[set[Fraction]]) -> int | None:
    """Return the index of the line with most words of a step; None if no line has enough."""
    asked, given = content_words(step), set(numbers_in(step))
    shares = [_share(asked, at, given & present) for at, present in zip(words, numbers, strict=True)]
    best = max(range(len(shares)), key=lambda line: shares[line])
    return best if asked and shares[best] >= CARRIED_OUT else None


def _share(asked: frozenset[str], present: frozenset[str], numbers: set[Fraction]) -> float:
    return len(asked & present) / max(1, len(asked)) + 0.15 * bool(numbers)


def _all_hold(count: int) -> str:
    return "the equation holds." if count == 1 else f"all {count} equations hold."
