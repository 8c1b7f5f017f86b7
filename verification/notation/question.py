"""What a question asks for: its unit, its noun, money, a difference, a rate. Start at `read_question`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from .asked import asked_words, content_words
from .quantities import Quantity, find_quantities
from .units import Unit, read_unit

# The noun that a question counts: "how many apples", "in metres?".
_UNIT = re.compile(
    r"how many ([a-z]+) (?:are|were) ([a-z]+)\b"
    r"|how (?:many|much)\s+(?:more |fewer |less |total |of )*((?:[a-z]+\s?){1,2})|\bin ([a-z]+)\s*\)?\s*\?$",
    re.I,
)
_ALTOGETHER = re.compile(r"\b(?:total|sum|altogether|combined|together|in all)\b", re.I)
# What questions ask: "How much does she pay?", "What percent ...?", "How many more ...?".
_ASKS_MONEY = re.compile(r"how much|cost|price|money|dollar|\$|profit|earn|spend|pay", re.I)
_ASKS_PERCENT = re.compile(r"percent|%", re.I)
COMPARATIVE = (
    r"(?:more|fewer|less|greater|older|younger|taller|shorter|longer|higher|lower|farther|further|heavier|faster|slower)"
)
_ASKS_DIFFERENCE = re.compile(
    rf"\b(?:how (?:many|much) (?:(?!(?:are|were|is|was|have|has)\b)[a-z]+ )?{COMPARATIVE}|difference|by how (?:many|much))\b",
    re.I,
)
# "How many are left?", "¿Cuántas quedan?", "还剩多少?"
_LEFT = re.compile(
    r"\b(?:left|remain\w*|quedan?|sobran?|sobram|restam|restano|rimangono|reste|übrig|осталось|останется)\b|剩|残り", re.I
)
# "How many km per day ...?"
_RATE_ASKED = re.compile(r"\b(?:per|each|every|an?) (second|minute|hour|day|week|month|year|person|page)\b", re.I)
# "What does each pay?", "per hour".
_ASKS_APIECE = re.compile(r"\b(?:each|every|apiece|per|an? (?:hour|day|week|month|year|person)|average|rate)\b", re.I)
# "each sleeve takes" 12.
EACH = re.compile(r"\beach (?:of )?[a-z]+ [a-z]+\b", re.I)
# "What is the slope of ...?"
_HEAD = re.compile(
    r"\b(?:what(?:'s| is| are| was| will be| would be)|find|calculate|determine|compute|give) (?:the |its |his |her |their )"
    r"(?:[a-z-]+ ){0,2}?(?P<noun>[a-z]{3,})(?=[?.,]| (?:of|for|in|to|when|if|that|between|he|she|they|it)\b|$)",
    re.I,
)
_STATES = r"\b(?:is|are|was|were|equals|becomes|comes to)\b"
# After the noun that is asked for: "of the line is", "=".
_SAYS = re.compile(rf"\b(?:(?:(?!{_STATES})[^.;:]){{0,50}}{_STATES}|[^.,;:=\d]{{0,40}}[=:])[^\w.]*$")
_NAMES = re.compile(r" of\W*$")
_TOTAL_WORD = re.compile(r"\b(?:total|sum|together|altogether|all)\b", re.I)
# After other values: ", total" 14, ", for a sum of" 14.
_TOTAL = re.compile(
    r"\d.*?[,;] (?:and )?(?:so )?(?:for |giving |making )?(?:an? |the |in )?(?:grand )?(?:total|sum|together|altogether|all)"
    r"(?: of| cost| price)?:?\s*[$€£⟦]?$",
    re.I | re.S,
)
# A value from which another follows: 108/6 "= 18", 24 "per box x 3", 66.67", which rounds to 67".
_GOES_ON = re.compile(r"[^,;.]*?(?:=|\s[-+*/x]\s)| of |,?\s*(?:and|or)\s+[-\d\\]|[^.;]*?\bround", re.I)
# "How many students do not ...?"
_NOT = re.compile(r"\bnot\b|n't\b", re.I)
# Whom a question is about: capitalised words, "Ann" but not "How", and "mother".
NAME = re.compile(
    r"\b(?!(?:How|What|Who|When|Where|Which|If|The|In|On|At|After|For|Find|Calculate)\b)[A-Z][a-z]+\b"
    r"|\b(?:mother|father|brother|sister|son|daughter|wife|husband|uncle|aunt|cousin|friend|boss|teacher|neighbou?r|dog|cat)\b"
)


@dataclass(frozen=True)
class Asked:
    """What a question asks for, as far as its words tell: the sentence, its words, the counted unit and the given numbers."""

    question: str
    sentence: str
    words: frozenset[str]
    unit: frozenset[str]
    known: frozenset[tuple[Fraction, str]]
    """The given numbers, each with its form: 3/4 is another form of 18/24 and of 0.75."""
    names: frozenset[str]
    """Capitalised words of the whole question."""
    subjects: frozenset[str]
    """Capitalised words of the sentence that asks."""

    @cached_property
    def values(self) -> frozenset[Fraction]:
        """The given numbers without their forms."""
        return frozenset(value for value, _ in self.known)

    @cached_property
    def measure(self) -> Unit | None:
        """The known unit that is asked for: that of "min" for "how many minutes"."""
        words = " ".join(" ".join(groups) for groups in _UNIT.findall(self.sentence)).split()
        return next(filter(None, map(read_unit, words)), None)

    @cached_property
    def altogether(self) -> bool:
        """Whether a sum is asked."""
        return bool(_ALTOGETHER.search(self.sentence))

    @cached_property
    def money(self) -> bool:
        """Whether money is asked, and no percentage."""
        return bool(_ASKS_MONEY.search(self.sentence)) and not self.percent

    @cached_property
    def percent(self) -> bool:
        """Whether a percentage is asked."""
        return bool(_ASKS_PERCENT.search(self.sentence))

    @cached_property
    def difference(self) -> bool:
        """Whether a difference is asked."""
        return bool(_ASKS_DIFFERENCE.search(self.sentence))

    @cached_property
    def negated(self) -> bool:
        """Whether the question asks what is not so: "How many do not ...?"."""
        return bool(_NOT.search(self.sentence))

    @cached_property
    def left(self) -> bool:
        """Whether it is asked what is left."""
        return bool(_LEFT.search(self.sentence))

    @cached_property
    def each(self) -> bool:
        """Whether it is asked what each of several has."""
        return bool(EACH.search(self.sentence))

    @cached_property
    def apiece(self) -> bool:
        """Whether it is asked what one of several has, or a rate."""
        return bool(_ASKS_APIECE.search(self.sentence))

    @cached_property
    def rate(self) -> str:
        """The unit of time of a rate that is asked for: "day" of "how many km per day"; "" if none is."""
        found = _RATE_ASKED.search(self.sentence)
        return found[1].lower() if found else ""

    @cached_property
    def noun(self) -> str:
        """The noun that is asked for, in lower case: "slope"; "" if there is none."""
        found = _HEAD.search(self.sentence)
        return found["noun"].lower() if found else ""

    def is_said(self, before: str, after: str) -> bool:
        """Return whether the text before a value says that it is what was asked, "the slope is", and it goes no further."""
        return self._followed_by(_SAYS, before.lower()) and not _GOES_ON.match(after)

    def is_of(self, before: str) -> bool:
        """Return whether the text before a value names what was asked: "a perimeter of"."""
        return self._followed_by(_NAMES, before.lower())

    def _followed_by(self, pattern: re.Pattern[str], low: str) -> bool:
        """Return whether a text in lower case has the noun as a word of its own, followed by a pattern."""
        begin = low.find(self.noun) if self.noun else -1
        while begin >= 0:
            end = begin + len(self.noun)
            if not (low[begin - 1 : begin].isalnum() or low[begin - 1 : begin] == "_") and pattern.match(low, end):
                return True
            begin = low.find(self.noun, begin + 1)
        return False

    def is_total(self, before: str, counted: bool = False) -> bool:
        """Return whether the text before a value calls it the total, unless one of the parts is asked for."""
        if not _TOTAL_WORD.search(before[-24:]) or not _TOTAL.search(before[-160:]):
            return False
        return self.altogether or counted or not (self.unit or self.words & content_words(before))

    @cached_property
    def ratio(self) -> bool:
        """Whether a ratio is asked."""
        return "ratio" in self.sentence.lower()


def form_of(text: str, quantity: Quantity) -> str:
    """Return the numbers of a written fraction, "18/24"; "" for any other number."""
    written = text[quantity.start : quantity.end]
    return "/".join(re.findall(r"\d+", written)) if "/" in written or "frac" in written else ""


@lru_cache(maxsize=512)
def read_question(question: str | None) -> Asked:
    """Return what a question asks. Without a question, everything is empty."""
    sentence, words = asked_words(question)
    unit = content_words(" ".join(" ".join(groups) for groups in _UNIT.findall(sentence)))
    # The end of a long question asks; the beginning may be a document.
    given = (question or "")[-4000:]
    known = frozenset((quantity.value, form_of(given, quantity)) for quantity in find_quantities(given))
    names, subjects = (frozenset(NAME.findall(text)) for text in (given, sentence))
    return Asked(question or "", sentence, words, unit, known, names, subjects)


@lru_cache(maxsize=4096)
def asks(pattern: re.Pattern[str], sentence: str) -> bool:
    """Return whether a question's sentence has a pattern; remembered, since many responses answer one question."""
    return pattern.search(sentence) is not None
