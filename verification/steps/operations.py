"""Tell which operation of arithmetic a step asks for, and which ones a line does. Start at `lines_by_operation`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_ORDERS = {
    "+": re.compile(r"\badd\b", re.I),
    "-": re.compile(r"\b(?:subtract|deduct)\b", re.I),
    "*": re.compile(r"\b(?:multiply|double|triple)\b", re.I),
    "/": re.compile(r"\b(?:divide|halve)\b", re.I),
}
"""Verbs with which a step orders an operation. Other forms describe: "look at what x is multiplied by"."""

_NAMED = {
    "+": re.compile(r"\badd(?:s|ed|ing|ition)?\b|\bplus\b|\bsum\b", re.I),
    "-": re.compile(r"\bsubtract\w*|\bminus\b|\bdeduct\w*", re.I),
    "*": re.compile(r"\bmultipl(?:y|ie|ication)\w*|\btimes\b|\bproduct\b|\bdouble[sd]?\b|\btriple[sd]?\b", re.I),
    "/": re.compile(r"\bdivid\w*|\bdivision\b|\bhalf\b|\bhalve[sd]?\b|\bquotient\b", re.I),
}
"""Words with which a line names an operation."""

_BEFORE, _AFTER = r"(?<=[\d)%}⟧])", r"(?=[$(\d\\⟦])"
"""The end of a number, a bracket or a formula, and the beginning of one."""

_RESULT = r"[-\d.,$%()+*/^ ⟦⟧]*[A-Za-z]* ?(?:=|\bis\b)"
"""The rest of an expression whose value follows. Without one, "20-30" is a range and "2020-21" a season."""


def _between(sign: str) -> str:
    """Return the pattern of a sign between numbers, or between words with equal space on both sides: not that of a list."""
    return rf"{_BEFORE} ?{sign} ?{_AFTER}|(?<=[\w)%}}⟧]) {sign} (?=[-$(\w\\⟦])|(?<=\w){sign}(?=[$(\w\\])"


_SIGNS = {
    "+": re.compile(_between(r"\+")),
    "-": re.compile(
        # "16 eggs - 3 eggs", "x - 3"; "Total - 3 = 9", but not "Breakfast - 3 eggs"; "10-3 = 7"
        rf"(?:[\d)%}}⟧](?: [A-Za-z]+)?|\b[A-Za-z]) - ?{_AFTER}|{_BEFORE} -{_AFTER}"
        rf"|(?<=\w) - (?=[$(\d][^=,;:\n]*=)|(?<=\w) - (?=[A-Za-z]+ ?=)|(?:{_BEFORE}|\b[A-Za-z])-(?=[$(\d\\⟦]{_RESULT})"
    ),
    # also "7(4)" and "(7)(4)"
    "*": re.compile(
        _between(r"[*×·]")
        + r"|\\times|\\cdot|(?<=[\w)%]) x (?=[$(]?\d)|(?<=\d)x(?=\d)|(?<=\d)(?=\([-$\d.,+*/ %]+\))|(?<=\d\))(?=\([-$\d])"
    ),
    # "120 km / 2", "distance / time = speed", but not "60 km/h"
    "/": re.compile(
        rf"(?:{_BEFORE}|\b[A-Za-z])/{_AFTER}|(?<=[\w)%}}⟧]) ?/ {_AFTER}|(?<!\d )(?<!\d)\b[A-Za-z]+ / (?=[A-Za-z][^\n]*=)"
        r"|[÷]|\\d?frac|\\div"
    ),
}


def lines_by_operation(steps: Sequence[str], lines: Sequence[str], found: Sequence[int | None]) -> list[int | None]:
    """Return the line of each step; a step without one gets the first line that does its operation, for no other step.

    Args:
        steps: the teacher's steps.
        lines: lines of the solution.
        found: index of the line that was found for each step by other means; None without one.
    """
    left = {(place, name): count for place, line in enumerate(lines) for name, count in _done(line).items()}
    placed = list(found)
    # first what lines do for the steps that have one
    for place, line in sorted(enumerate(found), key=lambda item: item[1] is None):
        name = operation_named(steps[place])
        if line is None and name:
            placed[place] = line = next((other for other in range(len(lines)) if left.get((other, name))), None)
        if line is not None and name and left.get((line, name)):
            left[line, name] -= 1
    return placed


def operation_named(step: str) -> str:
    """Return the sign (+, -, * or /) of the first operation that a step asks for; "" if it asks for none."""
    found = [(match.start(), name) for name, words in _ORDERS.items() if (match := words.search(step))]
    return min(found)[1] if found else ""


def _done(line: str) -> Counter[str]:
    """Return how often a line does each operation. A line often names one and shows its sign as well: that counts once."""
    return Counter({name: max(len(_NAMED[name].findall(line)), len(_SIGNS[name].findall(line))) for name in _NAMED})
