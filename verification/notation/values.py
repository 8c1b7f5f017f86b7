"""Short claims as exact numbers, without sympy: the fast path."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from .quantities import find_quantities

_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mathbf|mbox|operatorname)\s*\{([^{}]*)\}")
_SPACING = re.compile(r"\\[,;:! ]|~|\\(?:left|right|displaystyle|quad)(?![a-z])")
_DEGREES = re.compile(r"\^\s*(?:\\circ|\{\s*\\circ\s*\})|°")
_BOXED = re.compile(r"^\\(?:boxed|fbox)\s*\{(.*)\}$", re.S)
_DURATION = re.compile(r"(\d{1,6}) hours? (?:and )?(\d{1,6}) minutes?", re.I)
_DOLLARS_AND_CENTS = re.compile(r"(\d{1,9}) dollars?,? (?:and )?(\d{1,2}) cents?", re.I)
_FRACTION = re.compile(r"-?\s*\\frac\s*\{\s*(-?\d{1,100})\s*\}\s*\{\s*(-?\d{1,100})\s*\}")
_SLASH = re.compile(r"(?<=[\d}])\s*/\s*(?=\d)")
_UNITS = re.compile(
    r"^[\s*-]*(?:[A-Za-z²³'\"]{2,}|m|g|h|s|l|L|%|/|per)(?:[\s/-]+[A-Za-z'²³]+|\^\{?[23]\}?|\s*\([A-Za-z/ ]+\))*\s*$"
)


@lru_cache(maxsize=4096)
def tidy(text: str) -> str:
    r"""Strip what does not belong to the claim itself: math delimiters, boxes, spacing, \text, a full stop, quotes."""
    text = text.replace("⟦", "").replace("⟧", "").strip()
    while boxed := _BOXED.match(text):
        text = boxed[1].strip()
    text = _DEGREES.sub("", _SPACING.sub(" ", _TEXT.sub(r" \1 ", text.replace("\\!", ""))))
    text = text.replace("\\$", "$").replace("\\%", "%").replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")
    return " ".join(text.split()).strip("\"'` ").rstrip(".,;:!? ").strip("*").strip()


@lru_cache(maxsize=4096)
def exact_values(text: str) -> frozenset[Fraction]:
    """Return the values of a claim that is one number, perhaps with a unit; else none.

    A percentage has two values, 50 and 1/2; "1 hour and 35 minutes" has two, 95 and 19/12.
    """
    text = tidy(text)
    if len(text) > 300:
        return frozenset()
    if duration := _DURATION.fullmatch(text):
        minutes = 60 * int(duration[1]) + int(duration[2])
        return frozenset({Fraction(minutes), Fraction(minutes, 60)})
    if money := _DOLLARS_AND_CENTS.fullmatch(text):
        return frozenset({Fraction(100 * int(money[1]) + int(money[2]), 100)})
    if match := _FRACTION.fullmatch(text):
        text = f"{'-' if text[0] == '-' else ''}\\frac{{{match[1]}}}{{{match[2]}}}"
    text = _SLASH.sub("/", text)
    found = find_quantities(text)
    if not found or text[: found[0].start].strip(" (~"):
        return frozenset()
    first = found[0]
    rest = text[first.end :].strip(" )")
    if rest and ((len(found) > 1 and "^" not in rest) or not _UNITS.match(rest)):
        return frozenset()
    return frozenset({first.value, first.value / 100}) if first.percent else frozenset({first.value})
