"""What a reviewer should know of a decomposition before a student sees it."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from ..foundation.visible import hidden_characters
from ..verification import numbers_in
from .asking.messages import Reply
from .state import Flag, TraceState
from .steps import MAX_CHARACTERS

FLAG_KINDS = {
    "empty": "the teacher answered with nothing",
    "refusal": "the teacher refuses",
    "no_list": "the reply holds no list of steps",
    "truncated": "the reply was cut off, at the teacher's token limit or at 100,000 characters",
    "hidden_characters": "the reply holds characters that a reader does not see",
    "too_few_steps": "a single step",
    "too_many_steps": "more than 20 steps",
    "too_long": "more than 8,000 characters",
    "answer_in_steps": "the reference stands in the steps but not in the question",
    "computed_result": "a step computes a result",
    "new_quantity": "a step mentions a quantity that the question does not have",
}
"""The kinds of flags, and what each means."""

LEAK = "answer_in_steps"
"""The kind of flag that says that the lesson holds the reference."""

MAX_STEPS = 20
MAX_STEP_CHARACTERS = 8_000

_REFUSAL = re.compile(
    r"\b(?:i\s?(?:'m|am) (?:sorry|unable|not able)|i (?:can't|cannot|can not|won't|will not) (?:help|assist|do|provide|answer)"
    r"|as an ai\b)",
    re.I,
)
_EQUALS = re.compile(r"\d\s*[-+*/×÷x·^]\s*\(?-?\$?\d[\d\s.,()*/+×÷·^%$-]{0,60}(?:=|is|equals)\s*\$?(-?\d[\d,]*(?:\.\d+)?)")
_ORDINAL = re.compile(r"\b(?:steps?|prompts?|part|equation|line)\s+#?\d+(?:\s*(?:,|and|or|to|through|-|–)\s*\d+)*", re.I)
_PLAIN = re.compile(r"[\\$ ]{0,4}[-−]?[\d,.]{1,24}(?:/\d{1,12})?\s?\\?(?:%|[a-z]{0,12})")
_INDEX = re.compile(r"[_^]\s*\{?\d+\}?")
_LITERAL = re.compile(r"\d[\d,]*(?:\.\d+)?")
_PERCENT = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*\\?(?:%|percent)", re.I)
_UNITS = (12, 16, 24, 30, 31, 36, 52, 60, 90, 100, 144, 180, 360, 365, 1000, 3600)
_COMMON = frozenset(map(Fraction, (*range(11), *_UNITS, "0.5", "0.25", "0.75")))
"""Numbers that a plan may use without having them from the question: counts, units, percent, halves and quarters."""

_NUMERALS = re.compile(r"[a-z]+").findall(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_TENS = re.compile(r"[a-z]+").findall("thirty forty fifty sixty seventy eighty ninety")
_WORD_VALUES = {word: Fraction(value) for value, word in enumerate(_NUMERALS)}
_WORD_VALUES |= {word: Fraction(10 * tens) for tens, word in enumerate(_TENS, 3)}
_WORD_VALUES |= {"dozen": Fraction(12), "hundred": Fraction(100), "thousand": Fraction(1000), "score": Fraction(20)}
_WORD = re.compile(rf"\b(?:{'|'.join(_WORD_VALUES)})\b", re.I)
_MAX_DIGITS = 40


def find_flags(reply: Reply, steps: list[str], state: TraceState) -> list[Flag]:
    """Return the flags of a decomposition, those of the whole list first.

    The reference is used only here and in verify: a leaked answer is flagged for a reviewer, never shown to a student.

    Args:
        reply: the teacher's reply.
        steps: the steps parsed from it, before any fallback.
        state: the question and, if known, the reference.
    """
    question_numbers = {str(number) for number in numbers_in(state["question"])}
    reference = reference_key(state.get("reference"))
    leaks = {flag["step"]: flag for flag in find_leaks(steps, state)}
    quantities = _quantities_of_question(state["question"])
    flags = _whole(reply, steps)
    for place, step in enumerate(steps):
        text = _ORDINAL.sub(" ", step)
        if place in leaks:
            flags.append(leaks[place])
        if hidden := hidden_characters(step):
            flags.append(_flag("hidden_characters", hidden, place))
        if computed := _computed(text, question_numbers):
            flags.append(_flag("computed_result", computed, place))
        if new := _new_quantities(text, quantities, {reference, computed}):
            flags.append(_flag("new_quantity", ", ".join(new[:5]), place))
    return flags


def find_leaks(texts: list[str], state: TraceState) -> list[Flag]:
    """Return a flag for each text, a step or a hint, that holds the reference while the question does not."""
    reference = reference_key(state.get("reference"))
    if not reference:
        return []
    known = {str(number) for number in numbers_in(state["question"])}
    flags = []
    for place, text in enumerate(texts):
        plain = _ORDINAL.sub(" ", text)
        found = {str(number) for number in numbers_in(_WORD.sub(" ", _INDEX.sub(" ", plain)))}
        if _leaks(reference, plain, found, state["question"], known):
            flags.append(_flag(LEAK, reference, place))
    return flags


def reference_key(reference: Any) -> str | None:
    """Return the final answer of a reference, a number in plain form if it is one, to look for it in steps."""
    if reference is None or not str(reference).strip():
        return None
    text = re.split(r"####|^A:", str(reference), flags=re.M)[-1].strip()
    if boxed := re.search(r"\\boxed\{(.*)\}", text, re.S):
        text = boxed[1]
    numbers = numbers_in(text)
    return str(numbers[0]) if len(numbers) == 1 and _PLAIN.fullmatch(text) else text


def _leaks(reference: str, step: str, found: set[str], question: str, known: set[str]) -> bool:
    """Tell whether the step has the reference and the question has not."""
    if re.fullmatch(r"-?\d+(/\d+)?", reference):
        return reference in found - known
    squeezed, shown = (re.sub(r"[\s\\$]", "", text) for text in (reference, step))
    return len(squeezed) > 2 and squeezed in shown and squeezed not in re.sub(r"[\s\\$]", "", question)


def _computed(step: str, known: set[str]) -> str | None:
    for match in _EQUALS.finditer(step):
        result = {str(number) for number in numbers_in(match[1])}
        if result and not result <= known:
            return match[1]
    return None


def _new_quantities(step: str, known: frozenset[Fraction], told: set[str | None]) -> list[str]:
    """Return the numbers, as they are written, that neither the question nor common knowledge has."""
    plain = dict.fromkeys(_LITERAL.findall(step))
    new = [text.rstrip(",") for text in plain if len(text) <= _MAX_DIGITS and _value(text) not in known]
    return [text for text in new if text not in told]


def _quantities_of_question(question: str) -> frozenset[Fraction]:
    """Return the numbers that a plan may take from the question: as digits, in words, or as what a percentage stands for."""
    found = {_value(text) for text in _LITERAL.findall(question) if len(text) <= _MAX_DIGITS}
    found |= {_WORD_VALUES[word] for word in re.findall(r"[a-z]+", question.lower()) if word in _WORD_VALUES}
    for text in _PERCENT.findall(question):
        if len(text) <= _MAX_DIGITS:
            share = _value(text) / 100
            found |= {share, 1 + share, abs(1 - share), abs(100 - 100 * share), 100 + 100 * share}
    return frozenset(found | _COMMON)


def _value(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))


def _whole(reply: Reply, steps: list[str]) -> list[Flag]:
    text = reply.text.strip()
    length = sum(map(len, steps))
    checks = {
        "empty": not text and "no text",
        "refusal": _REFUSAL.search(text[:400]) and len(steps) < 2 and text[:120],
        "no_list": text and not steps and text[:120],
        "truncated": _cut(reply),
        "hidden_characters": not steps and hidden_characters(text),
        "too_few_steps": len(steps) == 1 and "1 step",
        "too_many_steps": len(steps) > MAX_STEPS and f"{len(steps)} steps",
        "too_long": length > MAX_STEP_CHARACTERS and f"{length} characters",
    }
    return [_flag(kind, detail, None) for kind, detail in checks.items() if isinstance(detail, str) and detail]


def _cut(reply: Reply) -> str:
    if reply.truncated:
        return f"finish reason {reply.finish_reason}"
    return f"{len(reply.text):,} characters" if len(reply.text) > MAX_CHARACTERS else ""


def _flag(kind: str, detail: str, step: int | None) -> Flag:
    return Flag(kind=kind, detail=detail, step=step)
