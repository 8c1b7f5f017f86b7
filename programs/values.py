"""The value of a program as an answer in plain text."""

from __future__ import annotations

import math
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

MAX_CHARACTERS = 500
_DIGITS = 12
_LARGEST_DENOMINATOR = 10_000


def as_answer(value: Any) -> str:
    """Return a value as people write it: 18.0 is "18", 0.1 + 0.2 is "0.3", 2 / 3 is "2/3".

    Raises:
        ValueError: the value is no answer: None, not a number, infinite, a function, a mapping of several values.
    """
    text = _text(value).strip()
    if not text:
        raise ValueError("the value is empty")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"the value has {len(text):,} characters, which is no answer")
    return text


def _text(value: Any) -> str:
    if isinstance(value, bool | int | date | time):
        return str(value)
    if isinstance(value, float | Decimal):
        return _number(value)
    if isinstance(value, str):
        if value.startswith("<") and value.endswith(">"):
            raise ValueError(f"the value is {value}, which is no answer")
        return value
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_text, value))})"
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(_text, value)))}}}"
    if isinstance(value, dict) and len(value) == 1:
        return _text(next(iter(value.values())))
    raise ValueError(f"the value is {_shown(value)}, which is no answer")


def _number(value: float | Decimal) -> str:
    """Write a number without binary noise: as a short decimal, or as the fraction that it stands for."""
    if not math.isfinite(value):
        raise ValueError(f"the value is {value}, which is no answer")
    rounded = Decimal(f"{value:.{_DIGITS}g}")
    if rounded == rounded.to_integral_value():
        return str(int(rounded))
    if len(rounded.as_tuple().digits) >= _DIGITS - 1:
        near = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
        if abs(near - Fraction(value)) <= Fraction(1, 10**_DIGITS) * max(Fraction(1), abs(near)):
            return f"{near.numerator}/{near.denominator}"
    return format(rounded.normalize(), "f")


def _shown(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
