"""Rewrite claims in a common form, assignments as a tuple and inequalities as intervals; compare ranges and remainders."""

from __future__ import annotations

import re
from fractions import Fraction

from ..notation.layout import REMAINDER
from ..notation.values import exact_values, read_value

# "x = 2", "(y = 3)".
_ASSIGNMENT = re.compile(r"\s*\(?\s*([A-Za-z])\s*=\s*([^=,;()]+?)\s*\)?\s*")
# Between two assignments: ",", "and", "\text{and}".
_BETWEEN = re.compile(r"\s*(?:,|;|\\text\s*\{\s*and\s*\}|\\quad|\band\b|\\land|\\wedge|\\;)+\s*")
# "3-5", "between 3 and 5 hours".
_RANGE = re.compile(
    r"(?:between |from |about )?(?P<low>[$€£]?\d[\d.,]*%?)(?P<unit>(?:\s[a-zA-Z]+)?)\s*(?:-|--|to|and|through"
    r"|until)\s*(?P<high>[$€£]?\d[\d.,]*%?)(?P<after>(?:\s[a-zA-Z]+){0,3})"
)
_NUMBER = r"-?(?:\\infty|\\frac\s*\{-?\d+\}\s*\{\d+\}|[\d.]+(?:/\d+)?)"
# "2 < x \le 7".
_CHAIN = re.compile(rf"\s*({_NUMBER})\s*(<|>|\\leq?|\\geq?)\s*[a-zA-Z]\s*(<|>|\\leq?|\\geq?)\s*({_NUMBER})\s*")
# "x \ge 3".
_SIDE = re.compile(rf"\s*(?P<letter>[a-zA-Z])\s*(?P<sign><|>|\\leq?|\\geq?)\s*(?P<bound>{_NUMBER})\s*")
# "3 \\le x".
_FLIPPED = re.compile(rf"\s*(?P<bound>{_NUMBER})\s*(?P<sign><|>|\\leq?|\\geq?)\s*(?P<letter>[a-zA-Z])\s*")
_OPPOSITE = {"<": ">", ">": "<", "\\le": "\\ge", "\\leq": "\\ge", "\\ge": "\\le", "\\geq": "\\le"}
# "\{x \mid x > 3\}", "{x : x > 3}".
_BUILT = re.compile(
    r"\\?\{\s*[a-zA-Z](?:\s*\\in\s*\\mathbb\s*\{?R\}?)?\s*(?:\\mid|\\vert|\||:)\s*([^{}|]*?(?:[<>]|\\[lg]e)[^{}|]*?)\s*\\?\}"
)
# Between two inequalities: "or", "\cup".
_OR = re.compile(r"\s*(?:\bor\b|\\lor|\\cup|\\vee|\\quad)+\s*")
_AND = re.compile(r"\s*(?:,\s*|\band\b)\s*")
# The brackets of a list, and "x \\in" before them.
_AROUND = re.compile(r"^\s*(?:[a-zA-Z]\s*(?:=|\\in)\s*)?(?:\\?\{|[(\[])\s*|\s*(?:\\?\}|[)\]])\s*$")
_SEPARATOR = re.compile(r"\s*(?:,\s*and\b|,)\s*")
# Between two solutions.
_ALTERNATIVES = re.compile(r"\s*(?:\\text\s*\{\s*(?:or|and)\s*\}|\bor\b|\band\b)\s*")
_LEFT_SIDE = re.compile(r"^[^=]*=\s*")
_LESS = ("<", "\\le", "\\leq")


def as_pair(text: str) -> str:
    """Convert assignments to several letters to a tuple in the order of the letters: "y = 2 and x = 1" to "(1,2)"."""
    if text.count("=") < 2:
        return text
    parts = [_ASSIGNMENT.fullmatch(part) for part in _BETWEEN.split(text) if part.strip(" ()")]
    if not all(parts):
        return text
    values = {match[1]: match[2] for match in parts if match}
    if len(values) < 2 or len(values) != len(parts):
        return text
    return "(" + ",".join(values[letter] for letter in sorted(values)) + ")"


def same_range(claim: str, reference: str) -> bool | None:
    """Compare two ranges, such as "3-5" and "between 3 and 5 hours"; None unless both are ranges."""
    parts = [_RANGE.fullmatch(text.strip()) for text in (claim, reference)]
    if not all(parts):
        return None
    low, high = ([exact_values(match[name]) for match in parts if match] for name in ("low", "high"))
    return bool(low[0] & low[1]) and bool(high[0] & high[1]) and _one_kind(*[match["after"] for match in parts if match])


def same_remainder(claim: str, reference: str) -> bool | None:
    """Compare two quotients with remainders, "7 R 5" and "7 remainder 5"; None unless the reference is one."""
    wanted = REMAINDER.fullmatch(reference.strip())
    if not wanted:
        return None
    given = REMAINDER.fullmatch(claim.strip())
    return bool(given) and [int(part) for part in given.groups()] == [int(part) for part in wanted.groups()]  # type: ignore[union-attr]


def other_numbers(claim: str, reference: str) -> bool:
    """Return whether both only list numbers, with or without letters and brackets, and one has a number the other lacks."""
    given, wanted = _listed(claim), _listed(reference)
    if not (given and wanted):
        return False
    return any(not _near(one, wanted) for one in given) or any(not _near(one, given) for one in wanted)


def _listed(text: str) -> list[Fraction]:
    parts = _SEPARATOR.split(_AROUND.sub("", text)) if "," in text else []
    values = [exact_values(_LEFT_SIDE.sub("", part)) for part in parts]
    return [value for (value,) in values] if all(len(found) == 1 for found in values) else []


def _near(value: Fraction, others: list[Fraction]) -> bool:
    return any(abs(value - other) <= abs(other) / 1000 for other in others)


def _one_kind(given: str, wanted: str) -> bool:
    units = [read_value(f"1{after}").unit for after in (given, wanted)]
    return None in units or units[0] == units[1]


def as_interval(text: str) -> str:
    r"""Convert "2 < x \\le 7" and "x > 2 and x \\le 7" to "(2,7]", and "x \\le -3 or x \\ge 3" to a union."""
    if "{" in text and (built := _BUILT.fullmatch(text)):
        text = built[1].strip()
    if not ("<" in text or ">" in text or "\\l" in text or "\\g" in text):
        return text
    if (flipped := _unflipped(text)) != text:
        return flipped
    if "or" in text or "and" in text or "," in text or "\\" in text:
        if sides := _sides(_OR, text):
            ends = (")" if sides[0]["sign"] == "<" else "]", "(" if sides[1]["sign"] == ">" else "[")
            return f"(-\\infty,{sides[0]['bound']}{ends[0]}\\cup{ends[1]}{sides[1]['bound']},\\infty)"
        if sides := _sides(_AND, text):
            ends = ("(" if sides[1]["sign"] == ">" else "[", ")" if sides[0]["sign"] == "<" else "]")
            return f"{ends[0]}{sides[1]['bound']},{sides[0]['bound']}{ends[1]}"
    match = _CHAIN.fullmatch(text)
    if not match:
        return text
    low, first, second, high = match.groups()
    # "1 < x > 3" is no interval.
    if (first in _LESS) != (second in _LESS):
        return text
    if first not in _LESS:
        low, first, second, high = high, second, first, low
    strict = ("<", ">")
    return f"{'(' if first in strict else '['}{low},{high}{')' if second in strict else ']'}"


def _sides(between: re.Pattern[str], text: str) -> tuple[re.Match[str], re.Match[str]] | None:
    """Return two inequalities for one letter, the one with "less" first; None if a text is anything else."""
    parts = between.split(text)
    found = [match for part in parts if (match := _SIDE.fullmatch(_unflipped(part)))]
    if len(parts) != 2 or len(found) != 2:
        return None
    less, greater = sorted(found, key=lambda side: side["sign"] not in _LESS)
    if less["sign"] not in _LESS or greater["sign"] in _LESS or less["letter"] != greater["letter"]:
        return None
    return less, greater


def _unflipped(text: str) -> str:
    """Convert "3 < x" to "x > 3"; anything else is left as it is."""
    found = _FLIPPED.fullmatch(text)
    return f"{found['letter']} {_OPPOSITE[found['sign']]} {found['bound']}" if found else text


def is_range(text: str) -> bool:
    """Return whether a reference is a range of two numbers, "3-5"."""
    return bool(_RANGE.fullmatch(text.strip()))


def both_signs(text: str) -> str:
    r"""Convert "x = 2 \\pm \\sqrt{3}" to its two values, "2 + \\sqrt{3}, 2 - \\sqrt{3}", and "x = 2 or x = -2" to "2, -2"."""
    if text.count("\\pm") == 1 and "," not in text:
        text = _LEFT_SIDE.sub("", text)
        return ", ".join(text.replace("\\pm", sign).strip().removeprefix("+ ").removeprefix("+") for sign in ("+ ", "- "))
    parts = _ALTERNATIVES.split(text)
    return ", ".join(_LEFT_SIDE.sub("", part) for part in parts) if len(parts) == 2 else text
