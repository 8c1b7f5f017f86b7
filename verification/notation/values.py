"""Read short answers as exact numbers without sympy, which is enough for most comparisons. Start at `read_value`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from .arithmetic import is_explained
from .quantities import AMOUNT, find_quantities
from .units import UNITS, Unit, counts_something, read_unit

# "\text{apples}".
_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mathbf|mbox|operatorname)\s*\{([^{}]*)\}")
# Spacing in formulas: "\,", "~", "\left".
_SPACING = re.compile(r"(?<!\\)\\[,;:! ]|~|\\(?:left|right|displaystyle|quad)(?![a-z])")
_DEGREES = re.compile(r"\^\s*(?:\\circ|\{\s*\\circ\s*\})|°(?![CF]\b)")
# "5 ^\circ C", "5 ° C".
_SCALE = re.compile(r"\s*(?:\^\s*(?:\\circ|\{\s*\\circ\s*\})|°)\s*(?:\\(?:text|mathrm)\s*\{)?([CF])\b\}?")
_BOXED = re.compile(r"^\\(?:boxed|fbox)\s*\{(.*)\}$", re.S)
_IN_PARTS = (
    r"(?:weeks?|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s|years?|yrs?|months?|feet|foot|ft|inch(?:es)?|km|cm|mm"
    r"|met(?:er|re)s?|kilomet(?:er|re)s?|centimet(?:er|re)s?|kg|g|kilograms?|grams?|lbs?|pounds?|oz|ounces?|dollars?|cents?"
    r"|stunden?|minuten|heures?|horas?|minutos?|ore|minuti|час(?:а|ов)?|минут[аы]?)"
)
_PART = re.compile(rf"({AMOUNT})\s?({_IN_PARTS})(?![^\W\d_])", re.I)
COMPOUND = re.compile(
    rf"(?<![\w.,]){AMOUNT}\s?{_IN_PARTS}\.?(?:,?\s?(?:(?:and|und|et|y|e|и)\s)?{AMOUNT}\s?{_IN_PARTS}(?![^\W_])){{1,2}}", re.I
)
"""An amount in two or three units, the larger first: "1 hour and 35 minutes", "2h 25m", "6 ft 2 inches"."""
_ABROAD = {"stunde": "hour", "heure": "hour", "hora": "hour", "ore": "hour", "час": "hour", "часа": "hour", "часов": "hour"}
_ABROAD |= dict.fromkeys(("minuten", "minuto", "minuti", "минут", "минута", "минуты"), "minute")
_ABROAD |= {"stunden": "hour", "d": "day"}
_FRACTION = re.compile(r"-?\s*\\frac\s*\{\s*(-?\d{1,100})\s*\}\s*\{\s*(-?\d{1,100})\s*\}")
# "3 / 4".
_SLASH = re.compile(r"(?<=[\d}])\s*/\s*(?=\d)")
# What may stand before a number: "about", "approx.".
_BEFORE = re.compile(r"[ (~]*(?:(?:about|approximately|approx\.?|around|roughly|exactly|only|just)\s+)?[ (~]*", re.I)
# "USD 5".
_CURRENCY_CODE = re.compile(r"^(?:Rs\.?|INR|USD|EUR|GBP|CHF|PLN|BRL|CAD|AUD)\s?(?=\d)")
# A value with a remark: "12 (twelve)", "1/2 (about 50%)".
_REMARK = re.compile(
    r"(?:[A-Za-z](?:\([^()]{1,9}\))?\s*=\s*)?(?P<value>[^()]{1,40}?)\s*\(\s*"
    r"(?:[a-z]\s*=\s*|or |i\.e\.,? |that is,? |equals |=\s*)?"
    r"(?P<about>(?:about|approximately|roughly|around)\s+|(?:≈|\\approx)\s*)?(?P<remark>[^()]{1,60})\)"
)
# A value instead of another one: "12, not 13".
_REJECTS = re.compile(r"([^()]{1,40}?),?\s+\(?(?:and )?(?:not|rather than|instead of)\s+([^()]{1,40})\)?")
_OTHER = re.compile(r"\b(?:not|than|of) ")
# A list with one member: "[12]".
_SINGLE = re.compile(r"\[\s*([^\[\],;]{1,40})\s*\]")
# What changes a value: "12 (negative)", "12 (wrong)".
_DOUBTS = re.compile(
    r"\b(?:not|no|never|negative|below|wrong|incorrect|invalid|rejected|extraneous|guess\w*|unsure|loss|less|more)\b", re.I
)
# "3,5": a list or a decimal.
_AMBIGUOUS = re.compile(r"-?\d+(?:,\d+)+")


@dataclass(frozen=True)
class Value:
    """The value of a claim that is one number: its possible values, and its unit if that is known."""

    values: frozenset[Fraction] = frozenset()
    unit: Unit | None = None
    symbol: str = ""
    """The unit if it is a single letter, such as "m" in "12 m"; it could be a variable."""
    measure: tuple[str, Fraction] | None = None
    """Of an amount in several units, its kind and its size in the unit of size 1; `values` has it in its own units."""


@lru_cache(maxsize=4096)
def tidy(text: str) -> str:
    r"""Remove what does not belong to the claim itself: math delimiters, boxes, spacing, \text, a full stop, quotes."""
    text = text.replace("⟦", "").replace("⟧", "").strip()
    while boxed := _BOXED.match(text):
        text = boxed[1].strip()
    text = _SCALE.sub(r"°\1", text) if "\\circ" in text or "°" in text else text
    text = _DEGREES.sub("", _SPACING.sub(" ", _TEXT.sub(r" \1 ", text.replace("\\!", ""))))
    text = text.replace("\\$", "$").replace("\\%", "%").replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")
    return " ".join(text.split()).strip("\"'` ").rstrip(".,;:!? ").strip("*").strip()


def exact_values(text: str) -> frozenset[Fraction]:
    """Return the values of a claim that is one number, perhaps with a unit; empty for any other claim.

    A percentage has two values, 50 and 1/2; "1 hour and 35 minutes" has two, 95 and 19/12.
    """
    return read_value(text).values


@lru_cache(maxsize=4096)
def read_value(text: str) -> Value:
    """Return the value of a claim that is one number, perhaps with what it counts; empty for any other claim."""
    # Most claims are plain integers.
    if text.isdecimal() and text.isascii() and len(text) < 40:
        return Value(frozenset({Fraction(int(text))}))
    degrees = "\\circ" in text or "°" in text
    text = tidy(text)
    if len(text) > 300:
        return Value()
    if COMPOUND.fullmatch(text) and (compound := _compound(text)):
        return compound
    text = _CURRENCY_CODE.sub("", text)
    if match := _FRACTION.fullmatch(text):
        text = f"{'-' if text[0] == '-' else ''}\\frac{{{match[1]}}}{{{match[2]}}}"
    return _measured(_SLASH.sub("/", text), degrees)


def _compound(text: str) -> Value | None:
    """Return an amount in several units; None unless they are of one kind, the larger ones first."""
    parts = [(find_quantities(amount)[0].value, name.lower()) for amount, name in _PART.findall(text)]
    names = [_ABROAD.get(name) or _ABROAD.get(name.rstrip("s")) or name for _, name in parts]
    # After hours, "m" is minutes.
    names = ["minute" if name == "m" and place and names[0] != "km" else name for place, name in enumerate(names)]
    known = [unit for name in names if (unit := read_unit(name) or read_unit(name.rstrip("s")))]
    sizes = [unit.size for unit in known]
    if (
        len(known) < 2
        or len(known) != len(parts)
        or len({unit.kind for unit in known}) > 1
        or sizes != sorted(set(sizes))[::-1]
    ):
        return None
    size = sum((amount * unit.size for (amount, _), unit in zip(parts, known, strict=True)), Fraction(0))
    if known[0].kind == "money":
        return Value(frozenset({size}), UNITS["dollar"])
    return Value(frozenset({size / known[0].size, size / known[-1].size}), measure=(known[0].kind, size))


def with_remark(text: str) -> tuple[str, str] | None:
    """Return a value and another form of it that follows in parentheses, "12 (twelve)" or "1/2 (about 50%)".

    The other form is "" for a remark that changes nothing: "12 (rounded)", "12 (5 + 7)", "12, not 13". None for any other text.
    """
    text = tidy(text)
    if text[-1:] not in ("]", ")") and not _OTHER.search(text):
        return None
    if single := _SINGLE.fullmatch(text):
        return (single[1], text) if exact_values(single[1]) else None
    if rejected := _REJECTS.fullmatch(text):
        return (rejected[1], "") if exact_values(rejected[1]) and exact_values(rejected[2]) else None
    found = _REMARK.fullmatch(text)
    if not found or not exact_values(found["value"]):
        return None
    value, remark = found["value"], found["remark"].strip()
    if exact_values(remark) and (read_value(remark).unit or read_value(remark).measure or _counts_same(value, remark)):
        return value, f"about {remark}" if found["about"] else remark
    told = is_explained(text) or (not re.search(r"\d", remark) and counts_something(remark) and not _DOUBTS.search(remark))
    return (value, "") if told and not exact_values(remark) else None


def _counts_same(value: str, remark: str) -> bool:
    """Return whether a remark is only a number, or counts the same as the value before it: "12 apples (12 apples)"."""
    quantity = find_quantities(remark)[-1]
    counted = remark[quantity.end :].strip(" )").lower()
    return not counted or value.lower().endswith(f" {counted}")


def is_ambiguous(text: str) -> bool:
    """Return whether a text could be a list or a decimal with a comma: "3,5"."""
    return bool(_AMBIGUOUS.fullmatch(tidy(text))) and not re.fullmatch(r"-?\d{1,3}(?:,\d{3})+", tidy(text))


def _measured(text: str, degrees: bool) -> Value:
    found = find_quantities(text)
    if not found or not _BEFORE.fullmatch(text, 0, found[0].start):
        return Value()
    first = found[0]
    rest = text[first.end :].lstrip(" )").rstrip(" )*")
    if len(found) > 1 and "^" not in rest:
        return Value()
    unit = UNITS.get(first.money) if first.money else None
    if rest:
        if degrees and rest in ("C", "F"):
            rest = f"°{rest}"
        if not counts_something(rest):
            return Value()
        unit = read_unit(rest) or unit
    if first.percent:
        return Value(frozenset({first.value, first.value / 100}), unit)
    return Value(frozenset({first.value}), unit, rest if len(rest) == 1 and rest.isalpha() else "")
