"""Compare printed values of programs: 42, 3.0000000001, [1, 2.5], {"a": 1}, True, Fraction(1, 2). Start at `same_value`."""

from __future__ import annotations

import ast
import math
import re
from fractions import Fraction
from typing import Any

TOLERANCE = 1e-9
"""Relative difference that floating-point rounding may cause between two ways of computing the same value."""
MAX_TEXT = 10_000
_FRACTION = re.compile(r"Fraction\(\s*(-?\d{1,100})\s*,\s*(-?\d{1,100})\s*\)")
# "42", "1,000", "-3.5e-7", "2/3".
_PLAIN = re.compile(r"-?(?:\d{1,300}(?:,\d{3})*|\d*)(?:\.\d{1,300})?(?:/\d{1,300})?(?:[eE][-+]?\d{1,3})?")


def same_value(a: str, b: str) -> bool:
    """Return whether two printed values are equal. Numbers may differ by rounding (relative 1e-9); True is not equal to 1."""
    return _same(read_literal(a), read_literal(b))


def read_literal(text: str) -> Any:
    """Return the value of a literal, or the text itself if it is none. Nothing is executed."""
    text = text.strip()
    if len(text) > MAX_TEXT:
        return text
    if match := _FRACTION.fullmatch(text):
        return Fraction(int(match[1]), int(match[2])) if int(match[2]) else text
    if text.count("/") == 1 and _PLAIN.fullmatch(text):
        up, _, down = text.replace(",", "").partition("/")
        return Fraction(up) / Fraction(down) if up and down.strip("0.") else text
    if _PLAIN.fullmatch(text) and any(character.isdigit() for character in text):
        return _number(text.replace(",", ""))
    if text.casefold() in ("true", "false"):
        return text.casefold() == "true"
    try:
        # Deeper nesting could crash the parser.
        return ast.literal_eval(text) if text.count("(") + text.count("[") + text.count("{") <= 200 else text
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text


def _number(text: str) -> Any:
    try:
        return Fraction(text)
    except (ValueError, OverflowError):
        return text


def _same(a: Any, b: Any) -> bool:
    # In Python, True == 1; here a bool only equals a bool.
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, int | float | Fraction) and isinstance(b, int | float | Fraction):
        return a == b or _close(a, b)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return bool(a == b)


def _close(a: float | Fraction, b: float | Fraction) -> bool:
    try:
        return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE**2)
    except OverflowError:
        return False
