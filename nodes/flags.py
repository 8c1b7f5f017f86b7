"""Flags: what a reviewer should know about a decomposition before a student sees it."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from ..foundation.statuses import LEAK
from ..foundation.visible import hidden_characters
from ..verification import numbers_in
from .asking.messages import Reply
from .state import Flag, TraceState
from .steps import MAX_CHARACTERS

MAX_STEPS = 20
"""Longer lists are flagged."""

MAX_STEP_CHARACTERS = 8_000
"""Characters of all steps together; more are flagged."""

FLAG_KINDS = {
    "empty": "the teacher's reply is empty",
    "refusal": "the teacher refuses",
    "no_list": "the reply has no list of steps",
    "truncated": f"the reply was cut off, at the teacher's token limit or at {MAX_CHARACTERS:,} characters",
    "hidden_characters": "the reply contains characters that a reader does not see",
    "too_few_steps": "there is only one step",
    "too_many_steps": f"there are more than {MAX_STEPS} steps",
    "too_long": f"the steps have more than {MAX_STEP_CHARACTERS:,} characters",
    LEAK: "the steps contain the reference, and the question does not",
    "computed_result": "a step computes a result",
    "new_quantity": "a step mentions a quantity that the question does not have",
}
"""The kinds of flags, and what each means."""

# Looked for at the beginning of a reply without a list: a step may well quote "I can't help" from the problem.
_REFUSAL = re.compile(
    r"\b(?:i\s?(?:'m|am) (?:sorry|unable|not able)|i (?:can't|cannot|can not|won't|will not) (?:help|assist|do|provide|answer)"
    r"|as an ai\b)",
    re.I,
)
# "3 * 4 = 12": an operation and its result. The bounds keep the search linear in texts that a hostile teacher wrote.
_EQUALS = re.compile(r"\d\s*[-+*/×÷x·^]\s*\(?-?\$?\d[\d\s.,()*/+×÷·^%$-]{0,60}(?:=|is|equals)\s*\$?(-?\d[\d,]*(?:\.\d+)?)")
# The 2 of "use the result of step 2" is a name, not a quantity.
_ORDINAL = re.compile(r"\b(?:steps?|prompts?|part|equation|line)\s+#?\d+(?:\s*(?:,|and|or|to|through|-|–)\s*\d+)*", re.I)
# A reference that is one number with at most a currency sign or a unit; "x = 3 or more" is compared as text.
_PLAIN = re.compile(r"[\\$ ]{0,4}[-−]?[\d,.]{1,24}(?:/\d{1,12})?\s?\\?(?:%|[a-z]{0,12})")
# The 2 of "a_2" or "x^2" says which variable or power is meant.
_INDEX = re.compile(r"[_^]\s*\{?\d+\}?")
_LITERAL = re.compile(r"\d[\d,]*(?:\.\d+)?")
_PERCENT = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*\\?(?:%|percent)", re.I)
_UNITS = (12, 16, 24, 30, 31, 36, 52, 60, 90, 100, 144, 180, 360, 365, 1000, 3600)
_COMMON = frozenset(map(Fraction, (*range(11), *_UNITS, "0.5", "0.25", "0.75")))
"""Numbers that a plan may use although the question does not have them: small counts, unit conversions, halves, quarters."""

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
"""Longer digit strings are skipped: Python raises ValueError for integers of more than 4,300 digits."""


def find_flags(reply: Reply, steps: list[str], state: TraceState) -> list[Flag]:
    """Return the flags of a decomposition: first those of the whole reply, then those of each step in order.

    Only this function, `find_leaks` and verify use the reference: a leak is flagged for the reviewer, never shown to a student.

    Args:
        reply: the teacher's reply.
        steps: the steps parsed from it; empty if it has no list, even where the prose is used as one step.
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
    """Return a flag for each text (a step or a hint) that contains the reference while the question does not."""
    reference = reference_key(state.get("reference"))
    if not reference:
        return []
    known = {str(number) for number in numbers_in(state["question"])}
    flags = []
    for place, text in enumerate(texts):
        plain = _ORDINAL.sub(" ", text)
        # words go, too: "add the two prices" does not leak the answer 2
        found = {str(number) for number in numbers_in(_WORD.sub(" ", _INDEX.sub(" ", plain)))}
        if _leaks(reference, plain, found, state["question"], known):
            flags.append(_flag(LEAK, reference, place))
    return flags


def reference_key(reference: Any) -> str | None:
    """Return the final answer of a reference in the form in which steps are searched for it; None if there is none.

    A number gets its plain form ("$1,234.00" becomes "1234"), anything else stays text. Worked solutions are cut down to what
    follows `####` (GSM8K), to the content of a box (MATH), or to what follows "A:" at the start of a line.
    """
    if reference is None or not str(reference).strip():
        return None
    text = re.split(r"####|^A:", str(reference), flags=re.M)[-1].strip()
    if boxed := re.search(r"\\boxed\{(.*)\}", text, re.S):
        text = boxed[1]
    numbers = numbers_in(text)
    return str(numbers[0]) if len(numbers) == 1 and _PLAIN.fullmatch(text) else text


def _leaks(reference: str, step: str, found: set[str], question: str, known: set[str]) -> bool:
    """Return whether the step has the reference and the question does not."""
    if re.fullmatch(r"-?\d+(/\d+)?", reference):
        return reference in found - known
    # a text of one or two characters ("x", "B") would be found in nearly every step
    squeezed, shown = (re.sub(r"[\s\\$]", "", text) for text in (reference, step))
    return len(squeezed) > 2 and squeezed in shown and squeezed not in re.sub(r"[\s\\$]", "", question)


def _computed(step: str, known: set[str]) -> str | None:
    """Return the first result that a step computes, unless the question has the same number; None if there is none."""
    for match in _EQUALS.finditer(step):
        result = {str(number) for number in numbers_in(match[1])}
        if result and not result <= known:
            return match[1]
    return None


def _new_quantities(step: str, known: frozenset[Fraction], told: set[str | None]) -> list[str]:
    """Return the numbers of a step, as written, that are neither in `known` nor in `told`, where other flags name them."""
    plain = dict.fromkeys(_LITERAL.findall(step))
    new = [text.rstrip(",") for text in plain if len(text) <= _MAX_DIGITS and _value(text) not in known]
    return [text for text in new if text not in told]


def _quantities_of_question(question: str) -> frozenset[Fraction]:
    """Return the numbers that a plan may take from the question: digits, number words, and factors that percentages imply."""
    found = {_value(text) for text in _LITERAL.findall(question) if len(text) <= _MAX_DIGITS}
    found |= {_WORD_VALUES[word] for word in re.findall(r"[a-z]+", question.lower()) if word in _WORD_VALUES}
    for text in _PERCENT.findall(question):
        if len(text) <= _MAX_DIGITS:
            share = _value(text) / 100
            # of "20 % off": 0.2, 1.2, 0.8, and the same as percent, 80 and 120
            found |= {share, 1 + share, abs(1 - share), abs(100 - 100 * share), 100 + 100 * share}
    return frozenset(found | _COMMON)


def _value(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))


def _whole(reply: Reply, steps: list[str]) -> list[Flag]:
    """Return the flags that concern the reply as a whole."""
    text = reply.text.strip()
    length = sum(map(len, steps))
    checks = {  # a detail where the flag applies, else anything false
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
    """Return by what a reply was cut off; empty if it is whole."""
    if reply.truncated:
        return f"finish reason {reply.finish_reason}"
    return f"{len(reply.text):,} characters" if len(reply.text) > MAX_CHARACTERS else ""


def _flag(kind: str, detail: str, step: int | None) -> Flag:
    return Flag(kind=kind, detail=detail, step=step)
