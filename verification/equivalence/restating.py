"""Tell whether two values in one sentence can be forms of the same answer: "0.75, or 3/4", but not "12 or 13"."""

from __future__ import annotations

import re
from fractions import Fraction

from ..notation.asked import content_words
from ..notation.times import same_time
from ..notation.units import read_unit
from ..notation.values import Value, read_value, tidy
from .comparing import measures, same_numbers
from .numeric_samples import compare_samples, constant

CONVERTED = Fraction(1, 50)
"""Relative difference of two amounts in different units, one of them rounded: "5 km, or about 3.1 miles"."""
SKETCHED = Fraction(1, 20)
"""The same of a value and an expression that is called rounded: "1024, or about 10^3"."""
# "3:4".
_RATIO = re.compile(r"^(\d{1,9})\s?:\s?(\d{1,9})$")
# "28.27".
_DECIMALS = re.compile(r"\.(\d+)")
# 10 "apples".
_COUNTED = re.compile(r"[^A-Za-z]*((?:[A-Za-z]+\s?){1,2})")
_ABOUT = "about "
_ANOTHER_KIND = (re.compile(r"\d/\d+ of\b|\bhalf of\b"), re.compile(r"\b(?:each|per|apiece)\b"))
"""A share of something, what each has: a value with it is of another kind than one without."""


def may_be_same(one: str, other: str) -> bool:
    """Return whether two values can be forms of one answer.

    Args:
        one: a value as it is written, with what it counts: "95 minutes".
        other: the value after it, "1 hour and 35 minutes"; it begins with "about" if it is called rounded.
    """
    about, other = other.startswith(_ABOUT), other.removeprefix(_ABOUT)
    if (same := same_time(one, other)) is not None:
        return same
    first, second = read_value(one), read_value(other)
    if not (first.values and second.values):
        first_form, second_form = (_RATIO.sub(r"\1/\2", tidy(text)) for text in (one, other))
        return _same_written(first_form, second_form, about)
    if same_numbers(first, second) or _sizes(first) & _sizes(second):
        return True
    if any(value.unit and value.unit.kind == "count" for value in (first, second)):
        return False
    # "18 students, or 3/5 of the class", "4 apples each, or 12 in total".
    if any((sign.search(one) is None) != (sign.search(other) is None) for sign in _ANOTHER_KIND):
        return True
    if ("%" in one) != ("%" in other):
        return _same_share(one, other)
    if measures(first) and measures(second):
        return _converted(first, second, about)
    # "5 boxes, or 60 pencils": other things are counted.
    counted = [_counted(text) for text in (one, other)]
    if all(counted) and not counted[0] & counted[1]:
        return True
    return any(_rounded(a, b, one + other, about) for a in first.values for b in second.values)


def _counted(text: str) -> frozenset[str]:
    found = _COUNTED.match(text)
    words = found[1].split() if found else []
    return content_words(" ".join(words)) | ({words[0]} if words and read_unit(words[0]) else frozenset())


def _same_written(one: str, other: str, about: bool) -> bool:
    """Compare values of which one is not a plain number; those that are not understood can be the same."""
    values = [next(iter(read_value(text).values), None) or constant(text) for text in (one, other)]
    if values[0] is None or values[1] is None:
        return compare_samples(one, other) is not False
    return abs(values[0] - values[1]) <= abs(values[0]) * (SKETCHED if about else CONVERTED)


def _sizes(value: Value) -> set[Fraction]:
    """Return the numbers that a count stands for: 24 for "2 dozen"."""
    return {each * value.unit.size if value.unit and value.unit.kind == "count" else each for each in value.values}


def _same_share(one: str, other: str) -> bool:
    """Compare a percentage with a share; a percentage and an amount, "$10, or 25%", can be the same."""
    percent, share = (one, other) if "%" in one else (other, one)
    if re.search(r"[$€£A-Za-z]{2}|[$€£]", share):
        return True
    return any(_rounded(100 * a, max(read_value(percent).values), percent, True) for a in read_value(share).values)


def _converted(one: Value, other: Value, about: bool) -> bool:
    """Compare two amounts with units; different kinds, kilograms and pounds, can be the same."""
    near = CONVERTED if about else 0
    pairs = [(a, b) for a in measures(one) for b in measures(other)]
    return any(kind != other_kind or abs(size - each) <= near * abs(size) for (kind, size), (other_kind, each) in pairs)


def _rounded(one: Fraction, other: Fraction, written: str, about: bool) -> bool:
    """Return whether one value is the other one rounded to the decimals that are written."""
    places = max(map(len, _DECIMALS.findall(written)), default=0)
    return bool(places or about) and abs(one - other) <= Fraction(1, 2 * 10**places)
