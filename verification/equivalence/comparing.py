"""Compare two answers: numbers exactly in this process, everything that needs sympy in a worker. Start at `compare_claims`."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from ..notation.times import same_time
from ..notation.units import UNITS, asked_unit, is_variable
from ..notation.values import Value, exact_values, is_ambiguous, read_value, tidy
from .forms import as_interval, as_pair, both_signs, other_numbers, same_range, same_remainder
from .matrices import compare_matrices
from .numeric_samples import compare_samples, same_equation
from .pool import compare
from .unions import same_union

Outcome = Literal["equal", "unequal", "unread", "bad_reference", "timeout"]

# Larger expressions could keep sympy busy until the time-out, or exhaust the parser's recursion.
MAX_LENGTH = 400
MAX_NESTING = 25
# Text that sympy's or LaTeX's parser could execute or expand: "__import__", "x.attribute", "\input", very long digits.
_HOSTILE = re.compile(r"__|['\"`;]|\.\s*[A-Za-z_]|\\(?:immediate|write|input|def|catcode)|\d{101}")
# Powers, factorials and binomials whose values could fill the memory: "9^99999", "2^3^4", "5!!", "\binom".
_BIG_POWER = re.compile(
    r"(?:\^|\*\*)\s*[{(]*\s*-?\s*(?:\d{5,}|\d[\d.]*\s*[)}]*\s*(?:\^|\*\*)|\w*\s*\\?\w*\{[^{}]*\^)|(?:!\s*\)?\s*){2}|\\binom|\d{4,}!|\de\d{3,}"
)
_UNFINISHED = (
    re.compile(r"\\(?:int|sum|prod|lim|log|binom)(?![a-z])"),
    re.compile(r"\\begin"),
    re.compile(r"^(?!.*=).*(?<![a-z\\])[fgh]\([a-z]\)"),
    re.compile(r"\^\s*(?:[a-z]|\{[^{}\\]*[a-z])"),
)
"""An operation, cases, a function's name, a variable exponent: a claim that has one is not equal to a reference without it."""
# "x < 2", "3, 5", "\pm 2".
_SEVERAL_PARTS = re.compile(r"[,<>=;]|\\(?:le|ge|ne|pm|in|cup|mathbb|emptyset)|\b(?:or|and)\b")
# "What percent ...?", "the interest rate".
# A reference that can have the two values of "\\pm 3".
_SEVERAL_VALUES = re.compile(r"\\pm|[±;,<>]|\\(?:cup|text|lor|vee|begin)|\b(?:or|and)\b")
_PERCENT_ASKED = re.compile(r"percent|%|\brate\b", re.I)
_COUNT_ASKED = re.compile(r"\bhow many\b", re.I)
# A vector in angle brackets: "<1, 2>", "\langle 1, 2 \rangle".
_ANGLED = re.compile(r"^(?:<|\\langle)([^<>=]+,[^<>=]+)(?:>|\\rangle)$")
# "10\sqrt{3} m", "5\pi cm".
_LENGTH_AFTER = re.compile(r"\\(?:sqrt\s*\{[^{}]*\}|pi)\s+(?P<unit>[ckm]?m|ft|units?)\s*$")
# An answer in words: "north east".
_WORDS = re.compile(r"[A-Za-z][A-Za-z ]*")
# Functions in plain text, which LaTeX writes with a backslash.
_REALS = re.compile(r"^(?:[a-z]\s*\\in\s*)?\\mathbb\s*\{?R\}?$")
_FUNCTIONS = re.compile(r"(?<!\\)\b(sqrt|pi|sin|cos|tan|log|ln|infinity|infty)\b")


def compare_claims(claim: str, reference: str, timeout: float, question: str | None = None) -> Outcome:
    """Compare a claim with a reference.

    Args:
        claim: the student's answer.
        reference: the known answer.
        timeout: seconds for a comparison that needs sympy.
        question: if it asks for a certain unit, an answer in another unit is wrong.

    Returns:
        "equal" or "unequal"; "unread" if the claim is not mathematics, "bad_reference" if the reference is not, and "timeout"
        if the comparison could not be decided in time.
    """
    claim = _without_length(claim, reference, question)
    given, wanted = read_value(claim), read_value(reference)
    # "25%" may mean 25 or 1/4; here the question decides.
    if "%" in claim and question and "%" not in reference and not _PERCENT_ASKED.search(question):
        given = _as_share(given, question)
    if given.values and wanted.values:
        return "equal" if same_numbers(given, wanted, question) else _as_list(claim, reference)
    if (same := same_time(claim, reference)) is not None:
        return "equal" if same else "unequal"
    if (same := same_remainder(tidy(claim), tidy(reference))) is not None:
        return "equal" if same else "unequal"
    if (same := same_range(tidy(claim), tidy(reference))) is not None:
        return "equal" if same else "unequal"
    return _compare_written(claim, reference, frozenset() if is_ambiguous(reference) else wanted.values, timeout)


def _without_length(claim: str, reference: str, question: str | None) -> str:
    r"""Drop the unit of a root or of a multiple of pi, "10\sqrt{3} m", if the reference has no unit."""
    found = _LENGTH_AFTER.search(claim)
    if not found or re.search(rf"[\s}}\d]{found['unit']}\b", reference) or is_variable(found["unit"][:1], question):
        return claim
    return claim[: found.start("unit")].rstrip()


def _as_share(given: Value, question: str) -> Value:
    """Return the remaining readings of a percentage: only 1/400 for "0.25%" if the question asks for no percentage, and only
    1/4 for "25%" if it asks for a count."""
    number = max(given.values, key=abs, default=Fraction(0))
    if abs(number) >= 1 and not _COUNT_ASKED.search(question):
        return given
    return Value(frozenset(value for value in given.values if value != number or not number), given.unit)


def same_numbers(given: Value, wanted: Value, question: str | None = None) -> bool:
    """Compare two numbers with their units; a number without a unit has the unit that the question asks for."""
    if (given.measure or wanted.measure) and (given.unit or given.measure) and (wanted.unit or wanted.measure):
        return bool(measures(given) & measures(wanted))
    symbol = given.symbol or wanted.symbol
    if symbol and given.symbol != wanted.symbol and is_variable(symbol, question):
        return False
    asked = asked_unit(question) if given.unit else None
    if given.unit and asked and given.unit.kind == asked.kind and given.unit.size != asked.size and given.unit != wanted.unit:
        return False
    if given.unit is None or wanted.unit is None or given.unit == wanted.unit:
        # Questions about dollars may be answered in cents.
        dollars = given.unit == UNITS["cent"] and wanted.unit is None and asked is None
        return bool(given.values & wanted.values) or (dollars and any(value / 100 in wanted.values for value in given.values))
    if given.unit.kind != wanted.unit.kind:
        return False
    return any(a * given.unit.size == b * wanted.unit.size for a in given.values for b in wanted.values)


def measures(value: Value) -> set[tuple[str, Fraction]]:
    """Return the kinds and sizes of an amount with a known unit; empty without one."""
    if value.measure or not value.unit:
        return {value.measure} if value.measure else set()
    return {(value.unit.kind, each * value.unit.size) for each in value.values}


def _as_list(claim: str, reference: str) -> Outcome:
    """Compare texts such as "3,5" as lists. As decimals they are already known to differ."""
    if not (is_ambiguous(claim) and is_ambiguous(reference)):
        return "unequal"
    given, wanted = (frozenset(tidy(text).split(",")) for text in (claim, reference))
    return "equal" if given == wanted else "unequal"


def _compare_written(claim: str, reference: str, wanted: frozenset[Fraction], timeout: float) -> Outcome:
    """Compare answers that are not both plain numbers; `wanted` has the values of the reference if it is a number."""
    claim, reference = as_interval(as_pair(_latex(claim))), as_interval(as_pair(_latex(reference)))
    if not claim:
        return "unread"
    if "\\begin" in reference or reference.startswith("[["):
        cells = compare_matrices(claim, reference, lambda a, b: compare_claims(a, b, timeout))
        if cells is not None:
            return cells  # type: ignore[return-value]
    if _text_key(claim) == _text_key(reference):
        return "equal"
    # From here on, cheap reasons to say "unequal" come first; sympy would take milliseconds or fail.
    if wanted and not re.search(r"[\d\\]", claim):
        return "unequal"
    if (wanted and _is_expression(claim)) or any(sign.search(claim) and not sign.search(reference) for sign in _UNFINISHED):
        return "unequal"
    if _WORDS.fullmatch(reference) and len(reference) > 1:
        return "unequal"
    if "," in reference and not _SEVERAL_PARTS.search(claim):
        return "unequal"
    if (same := _same_components(claim, reference)) is not None or (same := same_union(claim, reference)) is not None:
        return "equal" if same else "unequal"
    if not _bounded(claim):
        return "timeout"
    if not _bounded(reference):
        return "bad_reference"
    if "\\pm" in reference or ("\\pm" in claim and "," in reference):
        claim, reference = both_signs(claim), both_signs(reference)
    if other_numbers(claim, reference) or ("\\pm" in claim and not _SEVERAL_VALUES.search(reference)):
        return "unequal"
    if "=" in claim and "=" in reference and same_equation(claim, reference):
        return "equal"
    if (same := compare_samples(claim, reference)) is not None:
        return "equal" if same else "unequal"
    return _compared(claim, reference, timeout)


def _is_expression(claim: str) -> bool:
    """Return whether a claim is an expression rather than "x = NUMBER"; the reference is a number."""
    return not re.fullmatch(r"[A-Za-z]{1,2}(?:_\w)?\s*=\s*[^=]+", claim)


def _same_components(claim: str, reference: str) -> bool | None:
    """Compare two pairs or intervals of numbers part by part; None if they are anything else."""
    parts = [re.fullmatch(r"([(\[])([^,()\[\]]+),([^,()\[\]]+)([)\]])", text) for text in (claim, reference)]
    if not all(parts):
        return None
    given, wanted = (part.groups() for part in parts if part)
    values = [(exact_values(left), exact_values(right)) for left, right in zip(given[1:3], wanted[1:3], strict=True)]
    if not all(left and right for left, right in values):
        return None
    return (given[0], given[3]) == (wanted[0], wanted[3]) and all(left & right for left, right in values)


def _compared(claim: str, reference: str, timeout: float) -> Outcome:
    """Compare in a worker, and remember the outcome unless it is a time-out, which may not repeat on a less busy machine."""
    outcome = _remembered(claim, reference, timeout)
    if outcome == "timeout":
        _remembered.cache_clear()  # lru_cache cannot forget a single entry
    return outcome


@lru_cache(maxsize=2048)
def _remembered(claim: str, reference: str, timeout: float) -> Outcome:
    return compare(claim, reference, timeout)  # type: ignore[return-value]


def _bounded(text: str) -> bool:
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return len(text) <= MAX_LENGTH and deepest <= MAX_NESTING and not _HOSTILE.search(text) and not _BIG_POWER.search(text)


def _latex(text: str) -> str:
    """Convert plain-text mathematics to LaTeX: oo, U, sqrt(x), <=, **."""
    text = _ANGLED.sub(r"(\1)", tidy(text[: MAX_LENGTH * 4]))
    text = re.sub(r"(?<!\\)\bU\b", r"\\cup", re.sub(r"(?<![A-Za-z\\])(?:oo|inf|Infinity|infinity|infty)\b", r"\\infty", text))
    text = text.replace("**", "^").replace("<=", "\\le ").replace(">=", "\\ge ")
    text = re.sub(r"(?<!\\)\bsqrt\s*\(([^()]*)\)", r"\\sqrt{\1}", text)
    text = re.sub(r"^(\d{1,9})\s*:\s*(\d{1,9})$", r"\\frac{\1}{\2}", text)  # a ratio "3:4" as a fraction
    text = _FUNCTIONS.sub(r"\\\1", text)
    text = _REALS.sub(r"(-\\infty,\\infty)", text)
    text = re.sub(r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}", text)  # "\frac12" and "\frac 12"
    text = re.sub(r"\\frac\s+(\d)(\d)", r"\\frac{\1}{\2}", text)
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))(?![^(\[{]*[)\]}])", "", text).strip()  # thousands, but not pairs such as (1,234)


def _text_key(text: str) -> str:
    # "x = 5", "f(x) = 5" and "x \in A" compare by their right sides.
    text = re.sub(r"^[a-zA-Z](?:\([a-z]\))?\s*(?:=|\\in)\s*", "", text)
    return re.sub(r"[\s{}]|\\(?:left|right)|\*", "", text).casefold()
