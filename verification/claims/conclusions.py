"""How likely a statement is to be the conclusion: each sign, its weight, and why."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ..verdicts import Source
from .phrases import (
    ANOTHER_WAY,
    ANSWER_IS,
    ASIDE,
    BARE_MARKER,
    CONCLUSION,
    CONFIRMED,
    CORRECTION,
    FOREIGN_ANSWER_IS,
    FOREIGN_CONCLUSION,
    FOREIGN_LINE,
    HYPOTHETICAL,
    IMPERATIVE,
    INDIRECT,
    LINE,
    NUMBER,
    TEMPTING,
    THAT_IS_IT,
    Phrase,
)

DISTANCE = 0.75
"""What a statement loses for each statement with a value after it; the last one has 1 more."""
ASKED = 1.8
"""What a statement gains if it has all words of what is asked, and no explicit mark."""
_EXPLICIT = ("box", "answer_line")
_VALUE_AFTER = re.compile(r"[\d⟦]|\b(?!two\b)\w+\W*$")
_ENDS_IN_RESULT = re.compile(r"[=:]\s*\$?-?[\d.,]+\W*\w*\W*$")


@dataclass(frozen=True)
class Place:
    """A statement with its neighbours; `checking` if it stands in a closing section that only checks."""

    text: str
    before: str
    after: str
    checking: bool
    supposed: bool = False
    """Whether the question itself supposes something."""
    low: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", self.text.lower())

    def has(self, phrase: Phrase) -> bool:
        """Tell whether the statement has a phrase."""
        return phrase.search(self.text, self.low) is not None


@dataclass(frozen=True)
class Kind:
    """How a statement presents its value: the source of the answer, the score to begin with, and the text of the claim."""

    source: Source
    score: float
    claim: str


@dataclass(frozen=True)
class Sign:
    """Something that makes a statement likelier or less likely to be the conclusion."""

    weight: float
    why: str
    holds: Callable[[Place, Kind], bool]


SIGNS = (
    Sign(2.0, "a correction supersedes what stands before it", lambda place, kind: place.has(CORRECTION)),
    Sign(1.5, "the next sentence calls it the answer", lambda place, kind: _found(THAT_IS_IT, place.after)),
    Sign(-3.0, "an example, a check or an instruction concludes nothing, unless it ends in a result", lambda *at: _aside(*at)),
    Sign(-1.5, "it confirms what was said before", lambda place, kind: place.has(CONFIRMED)),
    Sign(-3.5, "it only tells what has been found or is to be", lambda place, kind: place.has(INDIRECT)),
    Sign(-3.5, "it supposes what the question does not", lambda place, kind: not place.supposed and place.has(HYPOTHETICAL)),
    Sign(-3.5, "it tells what one could think", lambda place, kind: place.has(TEMPTING)),
    Sign(-3.0, "it tells of another way", lambda place, kind: place.has(ANOTHER_WAY)),
    Sign(-1.5, "it says what to do", lambda *at: _instructs(*at)),
    Sign(
        -2.0, "a colon announces the value that follows", lambda place, kind: place.text.endswith(":") and kind.source != "box"
    ),
    Sign(-2.5, "a question, or a step of a check", lambda *at: _asks_or_checks(*at)),
)


def kind_of(place: Place) -> Kind:
    """Return the most explicit way in which a statement presents its value."""
    text = place.text
    if "\\boxed" in text:
        return Kind("box", 5.0, text)
    if line := LINE.search(text, place.low):
        return Kind("answer_line", 5.0 if "answer" in place.low or "####" in place.low else 2.4, line["claim"])
    if line := FOREIGN_LINE.search(text, place.low):
        return Kind("answer_line", 5.0, line["claim"])
    if _found(BARE_MARKER, place.before):
        return Kind("answer_line", 4.0, text)
    if found := ANSWER_IS.search(text, place.low) or FOREIGN_ANSWER_IS.search(text, place.low):
        claim = text[found.end() :]
        if _VALUE_AFTER.search(claim) and (NUMBER.search(claim) or _found(LINE, claim)):
            return Kind("concluding_sentence", 2.4, claim)
    if place.has(CONCLUSION) or place.has(FOREIGN_CONCLUSION):
        return Kind("concluding_sentence", 1.5, text)
    return Kind("last_statement", 0.0, text)


def score(place: Place, kind: Kind, distance: int, asked_share: float) -> float:
    """Return how likely a statement is the conclusion.

    Args:
        place: the statement.
        kind: from `kind_of`.
        distance: how many statements with a value follow.
        asked_share: share of the words of what is asked that the statement has, 0 to 1.
    """
    total = kind.score + sum(sign.weight for sign in SIGNS if sign.holds(place, kind))
    return total + (0.0 if kind.source in _EXPLICIT else ASKED * asked_share) - DISTANCE * distance + (distance == 0)


def _found(phrase: Phrase, text: str) -> bool:
    return phrase.search(text, text.lower()) is not None


def _aside(place: Place, kind: Kind) -> bool:
    return kind.source == "last_statement" and place.has(ASIDE) and not _ENDS_IN_RESULT.search(place.text)


def _asks_or_checks(place: Place, kind: Kind) -> bool:
    return place.text.endswith("?") or (place.checking and kind.source not in _EXPLICIT)


def _instructs(place: Place, kind: Kind) -> bool:
    return kind.source not in _EXPLICIT and place.has(IMPERATIVE) and not _ENDS_IN_RESULT.search(place.text)
