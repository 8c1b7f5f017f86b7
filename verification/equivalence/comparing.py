"""Whether two claims are the same mathematics: exact numbers here, everything else in a worker process."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from ..notation.values import exact_values, tidy
from .numeric_samples import compare_samples
from .pool import compare

Outcome = Literal["equal", "unequal", "unread", "bad_reference", "timeout"]

MAX_LENGTH = 400
MAX_NESTING = 25
_HOSTILE = re.compile(r"__|['\"`;]|\.\s*[A-Za-z_]|\\(?:immediate|write|input|def|catcode)|\d{101}")
_BIG_POWER = re.compile(
    r"(?:\^|\*\*)\s*[{(]*\s*-?\s*(?:\d{5,}|\d[\d.]*\s*[)}]*\s*(?:\^|\*\*)|\w*\s*\\?\w*\{[^{}]*\^)|(?:!\s*\)?\s*){2}|\\binom|\d{4,}!|\de\d{3,}"
)
_UNFINISHED = (
    re.compile(r"\\(?:int|sum|prod|lim|log|binom)(?![a-z])"),
    re.compile(r"\\begin"),
    re.compile(r"^(?!.*=).*(?<![a-z\\])[fgh]\([a-z]\)"),
    re.compile(r"\^\s*(?:[a-z]|\{[^{}\\]*[a-z])"),
)
"""An operation, cases, a function's name, a variable exponent: a claim with one equals no reference without it."""
_SEVERAL_PARTS = re.compile(r"[,<>=;]|\\(?:le|ge|ne|pm|in|cup|mathbb|emptyset)|\b(?:or|and)\b")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?:\s*(?P<half>[ap])\.?m\.?)?", re.I)
_WORDS = re.compile(r"[A-Za-z][A-Za-z ]*")
_FUNCTIONS = re.compile(r"(?<!\\)\b(sqrt|pi|sin|cos|tan|log|ln|infinity|infty)\b")


def compare_claims(claim: str, reference: str, timeout: float) -> Outcome:
    """Compare two claims; `unread` means that the claim is no mathematics, `timeout` that it could not be told in time."""
    given, wanted = exact_values(claim), exact_values(reference)
    if given and wanted:
        return "equal" if given & wanted else "unequal"
    if (same := _same_time(claim, reference)) is not None:
        return "equal" if same else "unequal"
    claim, reference = _latex(claim), _latex(reference)
    if not claim:
        return "unread"
    if _text_key(claim) == _text_key(reference):
        return "equal"
    if wanted and not re.search(r"[\d\\]", claim):
        return "unequal"
    if (wanted and _is_expression(claim)) or any(sign.search(claim) and not sign.search(reference) for sign in _UNFINISHED):
        return "unequal"
    if _WORDS.fullmatch(reference) and len(reference) > 1:
        return "unequal"
    if "," in reference and not _SEVERAL_PARTS.search(claim):
        return "unequal"
    if (same := _same_components(claim, reference)) is not None:
        return "equal" if same else "unequal"
    if not _bounded(claim):
        return "timeout"
    if not _bounded(reference):
        return "bad_reference"
    if (same := compare_samples(claim, reference)) is not None:
        return "equal" if same else "unequal"
    return _compared(claim, reference, timeout)


def _same_time(claim: str, reference: str) -> bool | None:
    """Compare two times of the day of which one or both say AM or PM; None if they are not that."""
    given, wanted = (_CLOCK.fullmatch(text.strip(" .")) for text in (claim, reference))
    if not (given and wanted and (given["half"] or wanted["half"])):
        return None
    halves = {(match["half"] or "").lower() for match in (given, wanted)} - {""}
    return (int(given[1]), given[2]) == (int(wanted[1]), wanted[2]) and len(halves) == 1


def _is_expression(claim: str) -> bool:
    """A number was asked: an operation that is left to do, or a variable, is no number."""
    return not re.fullmatch(r"[A-Za-z]{1,2}(?:_\w)?\s*=\s*[^=]+", claim)


def _same_components(claim: str, reference: str) -> bool | None:
    """Compare two pairs or intervals of numbers part by part; None if they are not that."""
    parts = [re.fullmatch(r"([(\[])([^,()\[\]]+),([^,()\[\]]+)([)\]])", text) for text in (claim, reference)]
    if not all(parts):
        return None
    given, wanted = (part.groups() for part in parts if part)
    values = [(exact_values(left), exact_values(right)) for left, right in zip(given[1:3], wanted[1:3], strict=True)]
    if not all(left and right for left, right in values):
        return None
    return (given[0], given[3]) == (wanted[0], wanted[3]) and all(left & right for left, right in values)


def _compared(claim: str, reference: str, timeout: float) -> Outcome:
    outcome = _remembered(claim, reference, timeout)
    if outcome == "timeout":
        _remembered.cache_clear()
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
    """Write plain-text mathematics as LaTeX: oo, U, sqrt(x), <=, **."""
    text = tidy(text[: MAX_LENGTH * 4])
    text = re.sub(r"(?<!\\)\bU\b", r"\\cup", re.sub(r"(?<![A-Za-z\\])(?:oo|inf|Infinity|infinity|infty)\b", r"\\infty", text))
    text = text.replace("**", "^").replace("<=", "\\le ").replace(">=", "\\ge ")
    text = re.sub(r"(?<!\\)\bsqrt\s*\(([^()]*)\)", r"\\sqrt{\1}", text)
    text = re.sub(r"^(\d{1,9})\s*:\s*(\d{1,9})$", r"\\frac{\1}{\2}", text)
    text = _FUNCTIONS.sub(r"\\\1", text)
    text = re.sub(r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\frac\s+(\d)(\d)", r"\\frac{\1}{\2}", text)
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))(?![^(\[{]*[)\]}])", "", text).strip()


def _text_key(text: str) -> str:
    text = re.sub(r"^[a-zA-Z](?:\([a-z]\))?\s*(?:=|\\in)\s*", "", text)
    return re.sub(r"[\s{}]|\\(?:left|right)|\*", "", text).casefold()
