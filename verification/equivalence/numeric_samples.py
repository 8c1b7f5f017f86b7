"""Compare simple expressions, tuples and intervals by their exact values at a few points, without sympy and workers.

Two polynomials of bounded degree that agree at points far apart are equal. Two expressions that differ at one point are not.
Roots and pi are replaced by nearby rationals, so for expressions with them only a clear difference counts. Everything less
simple is left to the workers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import isqrt

from ..notation.arithmetic import NotArithmetic, evaluate, tokenize

POINTS = (2, 9, 31)
"""Factors of the letters' numbers, one for each sample; far apart, so that equal values cannot be a coincidence."""
MAX_LENGTH = 120
MAX_TOKENS = 240
DIGITS = 10**18
"""Denominator of the rationals that replace roots."""
CLEAR = Fraction(1, 10**5)
"""Relative difference that is larger than the rounding that Math-Verify accepts."""
_PI = "3.141592653589793238"
# What can be read in several ways is left to the workers: capitals, "1 2", "1/2x", "f(x)", other LaTeX commands.
_OPEN_TO_READINGS = re.compile(
    r"[A-Ze!|%]|\d\s+\d|\d\s*\\frac|\d[a-z(]*/\w*[a-z(]|/\s*\d+\s*[a-z(\\]|[fgh]\(|\\(?!frac|sqrt\{|sqrt\[[3-9]\]\{|pi(?![a-z])|cdot|times)"
)
_COMMAND = re.compile(r"\\[a-z]+")
_FRAC = re.compile(r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_SQRT = re.compile(r"\\sqrt\s*(?:\[(?P<degree>\d)\])?\{(?P<inside>[^{}]*)\}")
_POWER = re.compile(r"\^\s*\{([^{}]*)\}")
# A minus sign that is no subtraction: "-3", "2*-3", "(-x".
_UNARY = re.compile(r"(?:^|(?<=[-+*/^({]))\s*-")
# "x = 5".
_NAMED = re.compile(r"^[a-z]\s*=")
# "x^{3/2}" is written as the root of x^3.
_HALF_POWER = re.compile(r"([a-z])\^\{(\d)/2\}")
_INFINITE = re.compile(r"\s*([+-]?)\s*\\infty\s*")
# Only expressions such as "(2 + 3i)" may use i as the imaginary unit.
_COMPLEX = re.compile(r"\(?[\s\d.+-]*i[\s\d.+-]*\)?")
# "(1, 2]".
INTERVAL = re.compile(r"\s*([(\[])([^()\[\],]+),([^()\[\],]+)([)\]])\s*")


Part = tuple[str, str, str, str]
"""Opening bracket, lower end, upper end, closing bracket."""


@dataclass(frozen=True)
class Sample:
    """The value of an expression at one point; not exact if a root or pi was rounded."""

    value: Fraction
    exact: bool


def compare_samples(claim: str, reference: str) -> bool | None:
    """Return whether two LaTeX expressions are equal; None if this file cannot decide it."""
    if max(len(claim), len(reference)) > MAX_LENGTH:
        return None
    named = [_NAMED.match(text) for text in (claim, reference)]
    # Only one side is "x = ...": compare the values.
    if not all(named):
        claim, reference = _NAMED.sub("", claim), _NAMED.sub("", reference)
    if "," not in claim and "," not in reference:
        return _same_at_all_points(claim, reference)
    given, wanted = _parts(claim), _parts(reference)
    if given and wanted:
        return _same_parts(given, wanted)
    listed = [re.fullmatch(r"(?:\\?\{)?([^{}()\[\]]+,[^{}()\[\]]+?)(?:\\?\})?", text) for text in (claim, reference)]
    return _same_sets(*(match[1].split(",") for match in listed if match)) if all(listed) else None


def constant(text: str) -> Fraction | None:
    """Return the value of an expression without letters, roots and pi to 18 digits; None if this file cannot tell it."""
    values = [sample.value if (sample := _sample(text, point)) else None for point in POINTS[:2]]
    return values[0] if values[0] == values[1] else None


def same_equation(claim: str, reference: str) -> bool:
    """Return whether two equations say the same: the differences of their sides are proportional."""
    sides = [re.sub(r"\s*\\[,;]\s*", " ", text).split("=") for text in (claim, reference)]
    if [len(pair) for pair in sides] != [2, 2] or len(set(re.findall(r"[a-z]", reference))) < 2:
        return False
    ratios = []
    for point in POINTS:
        found = [_sample(side.strip(), point) for pair in sides for side in pair]
        if not all(sample and sample.exact for sample in found):
            return False
        left, right, left2, right2 = (sample.value for sample in found if sample)
        if left == right or left2 == right2:
            return False
        ratios.append((left - right) / (left2 - right2))
    return len(set(ratios)) == 1


def _same_at_all_points(claim: str, reference: str) -> bool | None:
    samples = [(_sample(claim, point), _sample(reference, point)) for point in POINTS]
    if not all(given and wanted for given, wanted in samples):
        return None
    # More than two values: the expressions contain a letter, so an exact difference is a real one.
    varies = len({sample.value for pair in samples for sample in pair if sample}) > 2
    verdicts = [_same(given, wanted, varies) for given, wanted in samples if given and wanted]
    return False if False in verdicts else True if all(verdicts) else None


def _same(given: Sample, wanted: Sample, varies: bool) -> bool | None:
    """Compare two samples. Two numbers must differ by more than rounding; two polynomials need not."""
    if given.value == wanted.value:
        return True if given.exact and wanted.exact else None
    if varies and given.exact and wanted.exact:
        return False
    return False if abs(given.value - wanted.value) > CLEAR * max(abs(given.value), abs(wanted.value)) else None


# Sets are equal if every element has an equal one on the other side.
def _same_sets(given: list[str], wanted: list[str]) -> bool | None:
    table = [[_same_at_all_points(one, other) for other in wanted] for one in given]
    if any(None in row for row in table):
        return None
    return all(map(any, table)) and all(map(any, zip(*table, strict=True)))


def _same_parts(given: list[Part], wanted: list[Part]) -> bool | None:
    if not (_in_order(given) and _in_order(wanted)):
        return None
    if len(given) != len(wanted):
        return False
    verdicts: list[bool | None] = [a[0::3] == b[0::3] for a, b in zip(given, wanted, strict=True)]
    verdicts += [
        _same_end(a, b) for mine, right in zip(given, wanted, strict=True) for a, b in zip(mine[1:3], right[1:3], strict=True)
    ]
    return False if False in verdicts else True if all(verdicts) else None


def _same_end(given: str, wanted: str) -> bool | None:
    infinite = [_INFINITE.fullmatch(end) for end in (given, wanted)]
    if any(infinite):
        return len({match[1].replace("+", "") if match else None for match in infinite}) == 1
    return _same_at_all_points(given, wanted)


def _parts(text: str) -> list[Part] | None:
    """Return the parts of a pair or of a union of intervals; None if the text is anything else."""
    matches = [INTERVAL.fullmatch(part) for part in re.sub(r"^[a-z]\s*\\in(?![a-z])", "", text).split("\\cup")]
    found = [match.groups() for match in matches if match]
    return found if len(found) == len(matches) else None  # type: ignore[return-value]


def _in_order(parts: list[Part]) -> bool:
    """Return whether the parts are sorted and do not touch: then there is only one way to write the union."""
    for (*_, high, closing), (opening, low, *_) in pairwise(parts):
        samples = [_sample(end, POINTS[0]) for end in (high, low)]
        if not all(samples):
            return False
        left, right = (sample.value for sample in samples if sample)
        if left > right or (left == right and (closing, opening) != (")", "(")):
            return False
    return True


@lru_cache(maxsize=4096)
def _sample(text: str, point: int) -> Sample | None:
    """Return the value with every letter replaced by its own square number; None if the text is not simple enough."""
    text = _HALF_POWER.sub(r"\\sqrt{\1^\2}", re.sub(r"\\sqrt\s*(\d)", r"\\sqrt{\1}", text))
    if _OPEN_TO_READINGS.search(text) or ("i" in _COMMAND.sub("", text) and not _COMPLEX.fullmatch(text)):
        return None
    exact = not re.search(r"\\pi", text)
    text = re.sub(r"\\(?:cdot|times)(?![a-z])", "*", text.replace("\\pi", f"({_PI})"))
    text = re.sub(r"(?<![\\a-z])[a-z]{1,3}(?![a-z])", lambda m: "".join(_number(c, point) for c in m[0]), text)
    try:
        for _ in range(12):  # each round resolves the innermost fractions, powers or one root
            shorter = _POWER.sub(r"^(\1)", _FRAC.sub(r"((\1)/(\2))", text))
            if shorter == text and (root := _SQRT.search(text)):
                value = _root(_value(root["inside"]), int(root["degree"] or 2))
                exact = exact and value.exact
                shorter = f"{text[: root.start()]}({value.value.numerator}/{value.value.denominator}){text[root.end() :]}"
            if shorter == text:
                return Sample(_value(text), exact)
            text = shorter
    except (NotArithmetic, OverflowError):
        return None
    return None


def _number(letter: str, point: int) -> str:
    """Return the number that replaces a letter: a square, so that the root of a letter is exact."""
    return f"({((ord(letter) - 90) * point) ** 2})"  # 90 keeps it away from 0: "a" has the code 97


def _value(text: str) -> Fraction:
    return evaluate(tokenize(_UNARY.sub("(-1)*", text)), MAX_TOKENS)


def _root(value: Fraction, degree: int) -> Sample:
    if value < 0:
        raise NotArithmetic("the root of a negative number")
    if degree > 2:  # 15 digits are enough to tell that two values differ
        return Sample(Fraction(float(value) ** (1 / degree)), False)
    up, down = isqrt(value.numerator), isqrt(value.denominator)
    if up * up == value.numerator and down * down == value.denominator:
        return Sample(Fraction(up, down), True)
    # The integer root of value * DIGITS^2, over DIGITS, is exact to 18 decimals.
    return Sample(Fraction(isqrt(value.numerator * DIGITS**2 // value.denominator), DIGITS), False)
