"""What a question asks for, and the values of a statement that could be its claim. Start at `read_question`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from ..notation.asked import asked_words, content_words
from ..notation.quantities import Quantity, find_quantities

# The number after "a total of" is named, not restated.
_TOTAL_OF = re.compile(
    r"\b(?:total|price|speed|average|distance|cost|pace|sum|profit|rate|amount|length|width|height|area|maximum|minimum|value|score|age)"
    r" of(?: about| approximately)?\s*$",
    re.I,
)
# "The sum of 3 and 4": the sum follows.
_AND_MORE = re.compile(r"(?:\s[a-z]+)?(?:,| and| plus)\s[$€£]?\d", re.I)
# The noun that a question counts: "how many apples", "in metres?".
_UNIT = re.compile(
    r"how many ([a-z]+) (?:are|were) ([a-z]+)\b"
    r"|how (?:many|much)\s+(?:more |fewer |less |total |of )*((?:[a-z]+\s?){1,2})|\bin ([a-z]+)\s*\)?\s*\?$",
    re.I,
)
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
# Whom a question is about: capitalised words, "Ann" but not "How", and "mother".
_NAME = re.compile(
    r"\b(?!(?:How|What|Who|When|Where|Which|If|The|In|On|At|After|For|Find|Calculate)\b)[A-Z][a-z]+\b"
    r"|\b(?:mother|father|brother|sister|son|daughter|wife|husband|uncle|aunt|cousin|friend|boss|teacher|neighbou?r|dog|cat)\b"
)
# "Together they have" says that a number is a sum, as a question does with "in total".
_TOGETHER = re.compile(r"\b(?:altogether|combined|together|in all|add(?:s|ing)? up|sum of|(?:adding|add) [^=]* we)\b", re.I)
_ALTOGETHER = re.compile(r"\b(?:total|sum|altogether|combined|together|in all)\b", re.I)
# What questions ask: "How much does she pay?", "What percent ...?", "How many more ...?".
_ASKS_MONEY = re.compile(r"how much|cost|price|money|dollar|\$|profit|earn|spend|pay", re.I)
_ASKS_PERCENT = re.compile(r"percent|%", re.I)
_ASKS_DIFFERENCE = re.compile(r"\b(?:how (?:many|much) (?:more|fewer|less)|difference|by how (?:many|much))\b", re.I)
# "How many are left?"
_LEFT = re.compile(r"\b(?:left|remain\w*)\b", re.I)
# "How many km per day ...?"
_RATE_ASKED = re.compile(r"\b(?:per|each|every|an?) (second|minute|hour|day|week|month|year|person|page)\b", re.I)
# "What is the slope of ...?"
_HEAD = re.compile(
    r"\b(?:what(?:'s| is| are| was| will be| would be)|find|calculate|determine|compute|give) (?:the |its |his |her |their )"
    r"(?:[a-z-]+ ){0,2}?(?P<noun>[a-z]{3,})(?=[?.,]| (?:of|for|in|to|when|if|that|between|he|she|they|it)\b|$)",
    re.I,
)
_STATES = r"\b(?:is|are|was|were|equals|becomes|comes to)\b"
# A value from which another follows: 108/6 "= 18", 24 "per box x 3", 66.67", which rounds to 67".
_GOES_ON = re.compile(r"[^,;.]*?(?:=|\s[-+*/x]\s)| of |,?\s*(?:and|or)\s+[-\d\\]|[^.;]*?\bround", re.I)
# "How many students do not ...?"
_NOT = re.compile(r"\bnot\b|n't\b", re.I)
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


# Spaces, and what only groups or marks mathematics.
_GROUPING = re.compile(r"[\s$⟦⟧{}]|\\(?:left|right|cdot)")


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
    def rate(self) -> str:
        """The unit of time of a rate that is asked for: "day" of "how many km per day"; "" if none is."""
        found = _RATE_ASKED.search(self.sentence)
        return found[1].lower() if found else ""

    @cached_property
    def said(self) -> re.Pattern[str] | None:
        """What says that a value is what was asked: "the slope of the line is", where the slope is asked."""
        found = _HEAD.search(self.sentence)
        return re.compile(rf"\b{found['noun']}\b(?:(?:(?!{_STATES})[^.;:]){{0,50}}{_STATES}|[^.,;:=\d]{{0,40}}[=:])[^\w.]*$", re.I) if found else None

    def is_said(self, before: str, after: str) -> bool:
        """Return whether the text before a value says that it is what was asked, and the text after it goes no further."""
        return bool(self.said and self.said.search(before) and not _GOES_ON.match(after))

    def is_of(self, before: str) -> bool:
        """Return whether the text before a value names what was asked: "a perimeter of"."""
        found = _HEAD.search(self.sentence)
        return bool(found) and bool(re.search(rf"\b{found['noun']} of\W*$", before, re.I))

    @cached_property
    def ratio(self) -> bool:
        """Whether a ratio is asked."""
        return "ratio" in self.sentence.lower()


@lru_cache(maxsize=512)
def read_question(question: str | None) -> Asked:
    """Return what a question asks. Without a question, everything is empty."""
    sentence, words = asked_words(question)
    unit = content_words(" ".join(" ".join(groups) for groups in _UNIT.findall(sentence)))
    # The end of a long question asks; the beginning may be a document.
    given = (question or "")[-4000:]
    known = frozenset((quantity.value, _form(given, quantity)) for quantity in find_quantities(given))
    names, subjects = (frozenset(_NAME.findall(text)) for text in (given, sentence))
    return Asked(question or "", sentence, words, unit, known, names, subjects)


def _form(text: str, quantity: Quantity) -> str:
    """Return the numbers of a written fraction, "18/24"; "" for any other number."""
    written = text[quantity.start : quantity.end]
    return "/".join(re.findall(r"\d+", written)) if "/" in written or "frac" in written else ""


@lru_cache(maxsize=4096)
def asks(pattern: re.Pattern[str], sentence: str) -> bool:
    """Return whether a question's sentence has a pattern; remembered, since many responses answer one question."""
    return pattern.search(sentence) is not None


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

    @cached_property
    def of_a_whole(self) -> bool:
        """Whether it is the whole of a part, as the 12 in "5 of the 12"."""
        return "of " in self.before[-32:].lower() and bool(OF_THE.search(self.before[-60:]))

    @cached_property
    def counts_the_unit(self) -> bool:
        """Whether the words after the number are the unit that was asked for."""
        if not self.asked.unit or self.of_a_whole or (self.quantity.value < 1 and "/" in _form(self.text, self.quantity)):
            return False
        following = OF_A_WHOLE.sub("", self.after)
        return bool(self.asked.unit & content_words(" ".join(_FOLLOWING.findall(following))))

    @cached_property
    def given(self) -> bool:
        """Whether the number is given in the question."""
        return (self.quantity.value, _form(self.text, self.quantity)) in self.asked.known

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
        after = (words & content_words(_CLAUSE.split(_OF_THE_WHOLE.sub("", self.after))[0])) - before
        return (len(before) + len(after) / 2) / len(words) if words else 0.0

    @cached_property
    def clause(self) -> str:
        """The text before the number in its clause; for a result, the whole left side of the equation."""
        if self.before.rstrip(" $€£").endswith("=") and _LEFT_SIDE.search(side := _SIDE.split(self.before)[-1]):
            return side
        return _CLAUSE.split(self.before)[-1]

    @cached_property
    def about_asked(self) -> int:
        """1 if its clause names whom the question asks about, -1 if it names only someone else, else 0."""
        named = self.asked.names.intersection(_NAME.findall(self.clause)) if self.asked.subjects else None
        return 0 if not named else 1 if named & self.asked.subjects else -1

    @cached_property
    def is_asked(self) -> bool:
        """Whether the text before it says that it is what was asked."""
        return self.asked.is_said(self.before[-80:], self.after) or (not self.given and self.asked.is_of(self.before[-40:]))

    @cached_property
    def sums(self) -> bool:
        """Whether the question asks for a sum and the clause speaks of one."""
        return self.asked.altogether and bool(_TOGETHER.search(self.clause))


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

    @cached_property
    def is_asked(self) -> bool:
        """Whether the text before it says that it is what was asked."""
        return self.asked.is_said(self.before[-80:], self.after)

    @cached_property
    def in_question(self) -> bool:
        """Whether the question has the same formula."""
        return squeeze(self.content) in squeeze(self.asked.question)

    @cached_property
    def is_equation(self) -> bool:
        """Whether its claim is one side of an equation."""
        return "=" in self.content and self.claim != self.content

    @cached_property
    def is_copied(self) -> bool:
        """Whether it is copied from the question; one or two characters, such as "x", do not count."""
        return len(squeeze(self.content)) > 2 and self.in_question


def squeeze(text: str) -> str:
    """Return mathematics without spaces and what only groups or marks it."""
    return _GROUPING.sub("", text)
