"""A statement with its neighbours, and what all statements of a reply have in common. Start at `read_around`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from ..notation.asked import asked_words, content_words, is_irregular
from ..notation.quantities import numbers_in
from ..notation.question import asks, read_question
from .phrases import CORRECTION, Phrase, phrases_in

# "If she had ...", "what would be ...".
_SUPPOSING = re.compile(r"\b(?:if|would)\b", re.I)
_DIFFERS = re.compile(r"\b(?:more|fewer|less|difference)\b", re.I)
# "a 14-mile ride".
_SIZE = re.compile(r"(?<![\d.,-])(\d{1,9})-([a-z]{3,12})\b")
# "20 apples.", "$1.50 per day."
_VALUE_ALONE = re.compile(
    r"(?:(?:about|approximately|exactly|it'?s|it is|just|only) )?[$€£]?(?P<number>-?\d[\d,./]*(?<![.,]))"
    r"\s?%?(?:\s?[a-z°^{}\d]+)?"
    r"(?: (?:per|in total|left|of|each)? ?[a-z]+){0,2}[.!:]?",
    re.I,
)
EARLIER = 6
"""How many statements before one are looked through for what was asked."""
# "We need to find how many", "if she had", "first": no answer yet.
_UNTOLD = re.compile(r"\b(?:if|would|how|find|need to|calculate|determine|first|assume|suppose|let|not)\b|n't\b")
_APIECE = re.compile(r"\b(?:each|every|per|apiece|an? (?:hour|day|week|month|year|person))\b")
_DIGITS = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
# "are lent".
_TOLD = re.compile(r"\b(?:is|are|was|were|have|has|had) ([a-z]+)", re.I)


@dataclass(frozen=True)
class Around:
    """What all statements of a reply have in common."""

    asked: frozenset[str]
    """Content words of the sentence that asks."""
    question: str
    apiece: bool
    """Whether it asks what one of several has, or a rate."""
    supposed: bool
    """Whether the question itself says "if" or "would"."""
    differs: bool
    """Whether it asks for a difference."""
    sizes: dict[str, set[str]]
    """The sizes that the question names: {"mile": {"14"}} for "a 14-mile ride"."""
    phrases: dict[int, list[str]]
    """The phrases of `phrases_in` that can occur in the reply, by `id`, with their words that occur in it. Most replies contain
    few phrases; searching every statement for all of them took most of the time."""

    @cached_property
    def regular(self) -> list[str]:
        """The asked stems with which all forms of their words begin, the longest first."""
        return sorted((word for word in self.asked if not is_irregular(word)), key=len, reverse=True)

    @cached_property
    def given(self) -> frozenset[str]:
        """The numbers of the question that are written with digits."""
        return digits_in(self.question)


@dataclass(slots=True)
class Place:
    """A statement with its neighbours; `checking` in a closing section that only checks, `corrected` after an apology."""

    text: str
    before: str
    after: str
    checking: bool
    corrected: bool
    around: Around
    first: bool = False
    """Whether the reply begins with it and it is nothing but a value: "20 apples."."""
    of_parts: bool = False
    """Whether it tells parts of a sum that the first statement gave."""
    earlier: tuple[list[str], int] = ([], 0)
    """All statements, and how many of them stand before this one."""
    low: str = field(init=False)

    def __post_init__(self) -> None:
        self.low = self.text.lower()

    def search(self, phrase: Phrase) -> re.Match[str] | None:
        """Return the first match in the statement of a phrase that every statement is searched for."""
        words = self.around.phrases.get(id(phrase))
        if words is None:
            return None
        # No words: a phrase for the beginning of a text.
        if not words:
            return phrase.pattern.match(self.text)
        for word in words:
            if word in self.low:
                return phrase.pattern.search(self.text)
        return None

    def has(self, phrase: Phrase) -> bool:
        """Return whether the statement has a phrase."""
        return phrase.search(self.text, self.low) is not None


def read_around(text: str, asked: frozenset[str], question: str | None) -> Around:
    """Return what holds for all statements of a reply."""
    question, wanted = question or "", read_question(question)
    return Around(
        asked,
        question,
        wanted.apiece,
        asks(_SUPPOSING, question),
        asks(_DIFFERS, question[-300:]),
        _sizes(question),
        phrases_in(text),
    )


def is_told_before(place: Place) -> bool:
    """Return whether an earlier statement says what was asked in the words of the question, and this one lacks some of them."""
    around, (parts, end) = place.around, place.earlier
    for at in range(end - 1, max(-1, end - 1 - EARLIER), -1) if around.asked else ():
        if told := _told(parts[at], around):
            corrected = any(CORRECTION.search(part, part.lower()) for part in parts[at + 1 : end + 1])
            if corrected or around.asked <= content_words(place.text):
                return False
            # The same values again, not computed with.
            new = digits_in(place.text) - around.given
            return "=" in place.text or not new or not new <= told
    return False


def _told(part: str, around: Around) -> frozenset[str]:
    """Return the new numbers of a statement that says what was asked; none of any other statement."""
    low = part.lower()
    # Stems are looked for in the text first, which is cheaper than finding those of all its words.
    for word in around.regular:
        if word not in low:
            return frozenset()
    if part[-1:] in "?:" or _UNTOLD.search(low) or not around.asked <= content_words(part):
        return frozenset()
    if not around.apiece and _APIECE.search(low):
        return frozenset()
    return digits_in(part) - around.given


@lru_cache(maxsize=512)
def digits_in(text: str) -> frozenset[str]:
    """Return the numbers that a text writes with digits, in one form: "2000" for "2,000" and "2000.00"."""
    return frozenset(number.replace(",", "").removesuffix(".00") for number in _DIGITS.findall(text))


def all_given(place: Place) -> bool:
    """Return whether the question gives all numbers of a statement without mathematics."""
    first = None if "=" in place.text or "⟦" in place.text else _DIGITS.search(place.text)
    # A quick test: the first number must be in the question.
    if not first or first[0] not in place.around.question:
        return False
    return bool(numbers := digits_in(place.text)) and numbers <= place.around.given


def is_value_alone(parts: list[str], question: str | None) -> bool:
    """Return whether the first statement is only a value, which the question does not give and nothing corrects later."""
    alone = _VALUE_ALONE.fullmatch(parts[0])
    if not alone or any(CORRECTION.search(part, part.lower()) for part in parts[1:]):
        return False
    told = _TOLD.search(parts[0])
    # "68 books are lent.", where it is asked what is left.
    if told and question and not content_words(told[1]) & asked_words(question)[1]:
        return False
    return not re.search(rf"(?<![\d.]){re.escape(alone['number'])}(?![\d.]*\d)", question or "")


def sizes_in(text: str) -> list[tuple[str, str]]:
    """Return the sizes that a text names: ("14", "mile") for "a 14-mile ride"."""
    return _SIZE.findall(text)


@lru_cache(maxsize=512)
def _sizes(question: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for number, unit in sizes_in(question):
        found.setdefault(unit, set()).add(number)
    return found


def tells_parts(parts: list[str], question: str | None) -> bool:
    """Return whether the first statement gives a sum that the question asks for, and what follows tells two parts of it."""
    asked = read_question(question)
    if not asked.altogether or not 1 < len(parts) < 8:
        return False
    given = {value for value, _ in asked.known}
    whole = [value for value in numbers_in(parts[0]) if value not in given]
    if len(whole) != 1 or whole[0] in (later := set(numbers_in(" ".join(parts[1:])[:600]))):
        return False
    # Among many numbers, two that the question gives may have this sum by chance.
    new = later if len(later) <= 3 else later - given
    return any(whole[0] - value in new - {value} for value in new)
