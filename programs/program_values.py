"""Write the value of a program as an answer."""

from __future__ import annotations

import math
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

MAX_CHARACTERS = 500
_LARGEST_BITS = 1_660
"""Bits of a whole number with 500 digits. Larger ones are refused before they are converted, which takes quadratic time."""

_CUT = ("[...]", "{...}", "(...)")
"""What the sandbox returns for a list or dict that contains itself."""

_DIGITS = 12
"""Digits to which floats are rounded. Binary noise such as that of 0.1 + 0.2 is in the 17th."""

_EXACT_DIGITS = 14
"""Floats of at most so many digits are taken as written: noise has 16 or 17 digits."""

_LARGEST_DENOMINATOR = 10_000
"""Largest denominator of the fractions that a long decimal is compared with."""


def as_answer(value: Any) -> str:
    """Return a value as people write it: 18.0 as "18", 0.1 + 0.2 as "0.3", 2 / 3 as "2/3".

    Raises:
        ValueError: the value is not an answer: None, NaN, infinite, a function, a dict with several entries.
    """
    try:
        text = _text(value).strip()
    except RecursionError:
        raise ValueError("the value is nested too deeply, which is no answer") from None
    if not text:
        raise ValueError("the value is empty")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"the value has {len(text):,} characters, which is no answer")
    return text


def as_python(value: Any) -> str:
    """Return a value as Python shows it, up to 500 characters. Never raises, whatever the program returned."""
    try:
        return repr(value)[:MAX_CHARACTERS]
    except (ValueError, RecursionError, MemoryError):  # Python refuses to write out integers of more than 4,300 digits
        return f"<{type(value).__name__} too large to show>"


def _text(value: Any) -> str:
    if isinstance(value, int) and value.bit_length() > _LARGEST_BITS:
        raise ValueError(f"the value has more than {MAX_CHARACTERS} digits, which is no answer")
    if isinstance(value, bool | int | date | time):
        return str(value)
    if isinstance(value, float | Decimal):
        return _number(value)
    if isinstance(value, str):
        # "<function ...>": the sandbox returns objects of its own as their `repr`
        if value in _CUT or (value.startswith("<") and value.endswith(">")):
            raise ValueError(f"the value is {value}, which is no answer")
        return value
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_text, value))})"
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(_text, value)))}}}"  # sorted, since a set has no order
    # {"apples": 3} answers with its only value.
    if isinstance(value, dict) and len(value) == 1:
        return _text(next(iter(value.values())))
    raise ValueError(f"the value is {_shown(value)}, which is no answer")


def _number(value: float | Decimal) -> str:
    """Return a number without binary noise: as a short decimal, or as the fraction that a long decimal stands for."""
    if (isinstance(value, Decimal) and value.is_nan()) or not math.isfinite(value):
        raise ValueError(f"the value is {value}, which is no answer")
    # Decimal("1e999999") has 8 characters, but writing it out below would fill the memory
    if isinstance(value, Decimal) and abs(value.adjusted()) > MAX_CHARACTERS and value:
        raise ValueError(f"the value has more than {MAX_CHARACTERS} digits, which is no answer")
    written = value if isinstance(value, Decimal) else Decimal(repr(value))
    if len(written.normalize().as_tuple().digits) <= _EXACT_DIGITS:  # no noise: what was computed is a short decimal
        return str(int(written)) if written == written.to_integral_value() else format(written.normalize(), "f")
    rounded = Decimal(f"{value:.{_DIGITS}g}")
    if rounded == rounded.to_integral_value():
        return str(int(rounded))
    # As long as a rounded number can be: perhaps a fraction, such as 0.666666666667.
    if len(rounded.as_tuple().digits) >= _DIGITS - 1:
        near = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
        if abs(near - Fraction(value)) <= Fraction(1, 10**_DIGITS) * max(Fraction(1), abs(near)):
            return f"{near.numerator}/{near.denominator}"
    return format(rounded.normalize(), "f")


def _shown(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
