"""Compare unions of intervals with rational ends exactly, without sympy and workers. Start at `same_union`."""

from __future__ import annotations

import re
from fractions import Fraction
from math import inf

from ..notation.values import exact_values
from .numeric_samples import INTERVAL

# "x \\in" before intervals.
_MEMBER = re.compile(r"(?:[a-zA-Z]\s*)?\\in(?![a-z])\s*")
# Between two intervals.
_OR = re.compile(r"\s*(?:\\cup|\bor\b)\s*")
_INFINITE = {"\\infty": inf, "+\\infty": inf, "-\\infty": -inf}

End = tuple[Fraction | float, int]
"""A value, and which side of it the end is on: -1 just below, 1 just above."""


def same_union(claim: str, reference: str) -> bool | None:
    """Return whether two unions of intervals have the same points; None if either is anything else or both are single."""
    given, wanted = _intervals(claim), _intervals(reference)
    return None if not (given and wanted) or len(given) == len(wanted) == 1 else _merged(given) == _merged(wanted)


def _intervals(text: str) -> list[tuple[End, End]]:
    found = []
    for part in _OR.split(_MEMBER.sub("", text.strip())):
        match = INTERVAL.fullmatch(part)
        ends = [_value(end.strip()) for end in match.group(2, 3)] if match else []
        if not match or None in ends:
            return []
        low, high = ends
        found.append(((low, -1 if match[1] == "[" else 1), (high, 1 if match[4] == "]" else -1)))
    return found  # type: ignore[return-value]


def _value(text: str) -> Fraction | float | None:
    if text in _INFINITE:
        return _INFINITE[text]
    values = exact_values(text)
    return next(iter(values)) if len(values) == 1 else None


def _merged(intervals: list[tuple[End, End]]) -> list[tuple[End, End]]:
    """Return the intervals in order, without empty ones, and joined where one begins before the other ends."""
    joined: list[tuple[End, End]] = []
    for low, high in sorted(each for each in intervals if each[0] < each[1]):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined
