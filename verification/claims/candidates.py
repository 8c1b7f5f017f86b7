"""The values of a statement that could be its claim: numbers, and pieces of mathematics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from ..notation.asked import content_words
from ..notation.layout import in_parentheses, squeeze
from ..notation.quantities import Quantity
from ..notation.question import COMPARATIVE, EACH, NAME, Asked, asks, form_of
from ..notation.units import read_unit
from . import languages

# The number after "a total of" is named, not restated.
_TOTAL_OF = re.compile(
    r"\b(?:total|price|speed|average|distance|cost|pace|sum|profit|rate|amount|length|width|height|area|maximum|minimum|value|score|age)"
    r" of(?: about| approximately)?\s*$",
    re.I,
)
# "The sum of 3 and 4": the sum follows.
_AND_MORE = re.compile(r"(?:\s[a-z]+)?(?:,| and| plus)\s[$€£]?\d", re.I)
# The whole of which a part is told: "5 of the 12".
OF_THE = re.compile(
    r"\bof (?:the|these|those|his|her|their|its)(?: [a-z]+)? $"
    r"|\bout of (?:a total of )?$|\b(?:class|group|team|school|club|family|crowd|party|staff) of $",
    re.I,
)
# The same after the part: "5 of the 12 students".
OF_A_WHOLE = re.compile(r"^ of (?:the|these|those|his|her|their|its)(?: [a-z]+)? \d[\d,]*")
_OF_THE_WHOLE = re.compile(r"^ of (?:the|these|those|his|her|their|its|all) [a-z]+(?= (?:is|are|was|were|will|have|has)\b)")
"""The same without a number: "35% of the class are"."""
# "Together they have" says that a number is a sum, as a question does with "in total".
_TOGETHER = re.compile(r"\b(?:altogether|combined|together|in all|add(?:s|ing)? up|sum of|(?:adding|add) [^=]* we)\b", re.I)
# 4 "dollars each", 12 "per hour".
APIECE = re.compile(r"\s?(?:[a-z]+\s){0,2}(?:each|apiece|a piece|per [a-z]+|an? (?:hour|day|week|month|year|person))\b", re.I)
# 600 "g in all)": only at the end, since more may follow from it.
_IN_ALL = re.compile(r"\s?(?:[a-z]+\s){0,3}(?:altogether|combined|in (?:all|total))\W*$", re.I)
# The words after a number that may say what it counts: 12 "red apples", not 12 "per day".
_FOLLOWING = re.compile(
    r"^[\s-]*((?:(?!(?:per|each|every|an?|in|for|from|by|with|at|and|or|but|after|before|when|while|to)\b)[A-Za-z]+\s?){1,3})",
    re.I,
)
# The parts of a sentence: "3 apples; 4 pears", "... but ...".
_SIDE = re.compile(r"[;]|,(?!\d)| but |(?<=[.!?]) ")
# A result after its computation: "3 * 4 =".
_LEFT_SIDE = re.compile(r"\s[-+*/]\s[^=]*=\s*[$€£]?$")
# Where the clause of a number begins or ends: "Ann has 3, and", "because".
_CLAUSE = re.compile(r"[,;]| and | but | (?:after|when|if|because|while|before|since|until) |\d")
# 40 "dollars".
_CURRENCY = re.compile(r" (?:dollars?|euros?|pounds|cents?|bucks)\b", re.I)
# A difference names its direction: 2 "more than Bea", 3 "years older".
DIFFERENCE = re.compile(rf"\s*(?:[a-z]+\s){{0,2}}?{COMPARATIVE}\b", re.I)
# 5 "students do not": the answer if a question asks who does not.
_NOT_SO = re.compile(r"\s*(?:\w+\s){0,2}(?:do|does|did|are|is|were|was|will|have|has)(?: not\b|n't)", re.I)
# 12 "remain", 12 "of them are left".
_IS_LEFT = re.compile(r"\s*(?:[a-z]+\s){0,3}(?:remain\w*|left)\b", re.I)
_LEAVING = re.compile(rf"\b(?:leaves?|leaving)\s(?:[a-z]+\s){{0,3}}[$€£]?$|(?:{languages.LEAVES})\s?(?:[a-z]{{2,4}}\s)?$", re.I)
# 6 "km per day", 6 "km/day".
_RATE = re.compile(
    r"\s*(?:[a-z]+\s?){0,2}?(?:/|\bper\s|\ban?\s|\beach\s|\bevery\s)\s?(?P<unit>second|minute|hour|day|week|month|year|person|page)",
    re.I,
)
# The exact value and the word before the rounded one: "2.5, which rounds to".
_ROUNDED = re.compile(
    r"\d.*\bround(?:s|ed|ing)?\b(?: it| this| that)?(?: up| down| off)?(?: to the nearest [a-z ]{3,25}"
    r"| to (?:\w+ )?decimals?(?: places?)?)?"
    r"(?: to| is| gives| it is| we get|,)*\s*(?:about )?[$€£]?$",
    re.I,
)
# The exact value may also follow: 3 "when rounded".
_WHEN_ROUNDED = re.compile(r"\s*(?:[a-z]+\s)?(?:when |if |after )?(?:it is )?round(?:ed|ing)\b", re.I)
# "x > 3".
INEQUALITY = re.compile(r"[<>≤≥]|\\[lg]eq?(?![a-z])")
# "since x > 3": a reason.
_REASONED = re.compile(r"\b(?:since|because|as|where)\b[^,;]*$", re.I)


@dataclass(frozen=True)
class Candidate:
    """A value that a statement could claim."""

    text: str
    score: float
    start: int = 0
    quantity: Quantity | None = None
    rounded: str = ""
    """The rounded form that follows an exact one: "78.54" after 25 pi."""


@dataclass(frozen=True)
class Number:
    """A number in its sentence."""

    quantity: Quantity
    text: str
    asked: Asked

    @cached_property
    def before(self) -> str:
        """The sentence before the number."""
        return self.text[max(0, self.quantity.start - 160) : self.quantity.start]

    @cached_property
    def after(self) -> str:
        """The sentence after the number."""
        return self.text[self.quantity.end : self.quantity.end + 160]

    @property
    def of_a_whole(self) -> bool:
        """Whether it is the whole of a part, as the 12 in "5 of the 12"."""
        return "of " in self.before[-32:].lower() and bool(OF_THE.search(self.before[-60:]))

    @cached_property
    def counts_the_unit(self) -> bool:
        """Whether the words after the number are the unit that was asked for."""
        if not self.asked.unit or self.of_a_whole or (self.quantity.value < 1 and "/" in form_of(self.text, self.quantity)):
            return False
        following = " ".join(_FOLLOWING.findall(OF_A_WHOLE.sub("", self.after)))
        return bool(self.asked.unit & content_words(following)) or self._abbreviates(following)

    def _abbreviates(self, following: str) -> bool:
        """Return whether the word after it is another name of the unit that was asked for: "min"; not "g each"."""
        after = following.partition(" ")[0]
        if self.asked.measure is None or self.given or self.after.lstrip()[len(after) :].startswith("/"):
            return False
        restated = (in_parentheses(self.before) and self.sums < 1) or APIECE.match(self.after)
        return not restated and read_unit(after) == self.asked.measure

    @cached_property
    def given(self) -> bool:
        """Whether the number is given in the question."""
        return (self.quantity.value, form_of(self.text, self.quantity)) in self.asked.known

    @cached_property
    def named(self) -> bool:
        """Whether the number is new and follows "a total of" or similar words."""
        if self.given or " of" not in self.before[-20:] or _AND_MORE.match(self.after):
            return False
        return bool(_TOTAL_OF.search(self.before[-60:]))

    @cached_property
    def asked_share(self) -> float:
        """Share of the asked words in its clause, from 0 to 1; words after the number count half."""
        words = self.asked.words
        before = words & content_words(self.clause)
        after = (words & content_words(_CLAUSE.split(_OF_THE_WHOLE.sub("", self.after), maxsplit=1)[0])) - before
        return (len(before) + len(after) / 2) / len(words) if words else 0.0

    @cached_property
    def clause(self) -> str:
        """The text before the number in its clause; for a result, the whole left side of the equation."""
        if self.before.rstrip(" $€£").endswith("=") and _LEFT_SIDE.search(side := _SIDE.split(self.before)[-1]):
            return side
        return _CLAUSE.split(self.before)[-1]

    @property
    def about_asked(self) -> int:
        """1 if its clause names whom the question asks about, -1 if it names only someone else, else 0."""
        named = self.asked.names.intersection(NAME.findall(self.clause)) if self.asked.subjects else None
        return 0 if not named else 1 if named & self.asked.subjects else -1

    @property
    def is_asked(self) -> bool:
        """Whether the text before it says that it is what was asked."""
        return self.asked.is_said(self.before[-80:], self.after) or (not self.given and self.asked.is_of(self.before[-40:]))

    @property
    def sums(self) -> int:
        """1 if the question asks for a sum and the clause speaks of one, -1 for a share of the sum: $4 "each"."""
        if not self.asked.altogether:
            return 0
        share = not self.asked.apiece and APIECE.match(self.after)
        return -1 if share else int(bool(_TOGETHER.search(self.clause) or (")" in self.after and _IN_ALL.match(self.after))))

    @property
    def is_money(self) -> bool:
        """Whether it is money: "$12", 12 "dollars"."""
        return bool(self.quantity.money or _CURRENCY.match(self.after))

    @property
    def is_difference(self) -> float:
        """1 for a difference that is asked for, less than 0 for one that is not."""
        if not DIFFERENCE.match(self.after):
            return 0
        return 1 if self.asked.difference else -1 if " than " in self.after[:30] else -0.5

    @property
    def is_not_so(self) -> bool:
        """Whether it tells of what is not so: 5 "students do not"."""
        return not self.of_a_whole and bool(_NOT_SO.match(OF_A_WHOLE.sub("", self.after)))

    @property
    def is_left(self) -> bool:
        """Whether it is called what is left: 12 "remain"."""
        return bool(_IS_LEFT.match(self.after) or _LEAVING.search(self.before[-40:]))

    @property
    def is_rate(self) -> bool:
        """Whether it is a rate of the unit of time that is asked for."""
        rate = None if self.asked.money and not self.is_money else _RATE.match(self.after)
        return rate is not None and rate["unit"].lower() == self.asked.rate

    @property
    def is_each(self) -> bool:
        """Whether its clause says what each has, and the question does not give it."""
        return not self.given and bool(EACH.search(self.clause))

    @property
    def is_rounded(self) -> bool:
        """Whether another value is rounded to it: "2.5, which rounds to" 3."""
        before = "ound" in self.before and _ROUNDED.search(self.before)
        return bool(before or ("ound" in self.after[:40] and _WHEN_ROUNDED.match(self.after)))


@dataclass(frozen=True)
class Formula:
    """A piece of mathematics in its sentence; `claim` is the side of an equation that counts."""

    content: str
    claim: str
    before: str
    after: str
    place: float
    """Position in the sentence, from 0 to 1."""
    asked: Asked

    @property
    def is_asked(self) -> bool:
        """Whether the text before it says that it is what was asked."""
        return self.asked.is_said(self.before[-80:], self.after)

    @property
    def in_question(self) -> bool:
        """Whether the question has the same formula."""
        return squeeze(self.content) in squeeze(self.asked.question)

    @property
    def is_equation(self) -> bool:
        """Whether its claim is one side of an equation, or an inequality where one is solved."""
        if ("=" in self.content or "\\in" in self.content) and self.claim != self.content:
            return True
        found = asks(INEQUALITY, self.asked.question) and INEQUALITY.search(self.content) and not _REASONED.search(self.before)
        return bool(found)

    @property
    def is_copied(self) -> bool:
        """Whether it is copied from the question; one or two characters, such as "x", do not count."""
        return len(squeeze(self.content)) > 2 and self.in_question
