"""How likely a value of a statement is to be its claim: each sign, its weight, and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Generic, TypeVar

from .quantities import Quantity, find_quantities
from .statements import asked_words, content_words
from .values import exact_values

_COPULA = re.compile(
    r"(?:\bis\b|\bare\b|\bwas\b|\bbe\b|'s\b|\bequals?\b|\bto\b|\bby\b|\bget\b|\bas\b|\bhave\b|\bhas\b|:|=|⟹|\\Rightarrow)"
    r"(?:\s+(?:about|approximately|around|roughly|exactly|only|just|now|currently|indeed))?\s*$",
    re.I,
)
_BEFORE_RESTATED = re.compile(
    r"\b(?:in|after|over|within|for|of|by|with|than|when|if|since|from|on|among|every|each|per|out of"
    r"|until|during|while|the|at|all|using|those|these|buying|into|first|pays?)\s*(?:a |the |an |his |her |their )?$",
    re.I,
)
_SUBORDINATE = re.compile(r"(?:^|\W)(?:if|when|since|because|given|after|with)\s[^,]*$", re.I)
_TOTAL_OF = re.compile(
    r"\b(?:total|price|speed|average|distance|cost|pace|sum|profit|rate|amount|length|width|height|area|maximum|minimum|value|score|age)"
    r" of(?: about| approximately)?\s*$",
    re.I,
)
_ASKS_MONEY = re.compile(r"how much|cost|price|money|dollar|\$|profit|earn|spend|pay", re.I)
_ASKS_PERCENT = re.compile(r"percent|%", re.I)
HOW_MANY = re.compile(r"\bhow many\b", re.I)
_UNIT = re.compile(
    r"how (?:many|much)\s+(?:more |fewer |less |total |of )*((?:[a-z]+\s?){1,2})|\bin ([a-z]+)\s*\)?\s*\?$", re.I
)
_OPERAND_AFTER = re.compile(
    r"\s*(?:[A-Za-z]+\s){0,2}?\s*(?:[-+*/x]|(?:minus|plus|times|divided by|multiplied by)(?: the [a-z]+ of)?)\s*[$€£(\d]"
)
_DASH = re.compile(r"^\D*[A-Za-z]\s-\s*[$€£]?$")
_OPERAND_BEFORE = re.compile(r"[-+*/x]\s*[$€£]?$")
_FROM = re.compile(r"\bfrom\s+\S{1,12}(?:\s[A-Za-z]+){0,2}\s+to\s+$", re.I)
_OF_THE = re.compile(r"\bof (?:the|these|those|his|her|their|its)(?: [a-z]+)? $", re.I)
_COMPARED = re.compile(r"\b(?:compared (?:with|to)|instead of|rather than|not|than)\b[^,;.\d]*$", re.I)
_RESULTING = re.compile(
    r"\b(?:means|meaning|leaves|leaving|gives|giving|makes|making|bringing|amounts to|comes to"
    r"|so|thus|therefore|hence|i\.e\.)\b",
    re.I,
)
_PAYS = re.compile(r"\bpays?\s*$", re.I)
_OF_A_WHOLE = re.compile(r"^ of (?:the|these|those|his|her|their|its)(?: [a-z]+)? \d[\d,]*")
_SHARE_OF = re.compile(r" of (?:the |his |her |their )?(?:[a-z]+ )?[$€£]?\d")
_NAME = re.compile(r"\b(?!(?:How|What|Who|When|Where|Which|If|The|In|On|At|After|For|Find|Calculate)\b)[A-Z][a-z]+\b")
_NOT = re.compile(r"\bnot\b|n't\b", re.I)
_NOT_SO = re.compile(r"\s*(?:\w+\s){0,2}(?:do|does|did|are|is|were|was|will|have|has)(?: not\b|n't)", re.I)
_RANGE_BEGINS = re.compile(r"(?:\s[A-Za-z]+){0,2}\s+to\s+[$€£]?\d", re.I)
_TOGETHER = re.compile(r"\b(?:altogether|combined|together|in all)\b", re.I)
_ALTOGETHER = re.compile(r"\b(?:total|sum|altogether|combined|together|in all)\b", re.I)
_EQUALS = re.compile(r"(?<![<>!])=")
_FOLLOWING = re.compile(
    r"^[\s-]*((?:(?!(?:per|each|every|an?|in|for|from|by|with|at|and|or|but|after|before|when|while|to)\b)[A-Za-z]+\s?){1,3})",
    re.I,
)
_CLAUSE = re.compile(r"[,;]| and | but | (?:after|when|if|because|while|before|since|until) |\d")


@dataclass(frozen=True)
class Candidate:
    """A value that a statement could claim."""

    text: str
    score: float
    start: int = 0
    quantity: Quantity | None = None


@dataclass(frozen=True)
class Asked:
    """What a question asks, as far as words tell: the sentence, its words, the unit counted, the given numbers."""

    question: str
    sentence: str
    words: frozenset[str]
    unit: frozenset[str]
    known: frozenset[Fraction]
    names: frozenset[str]
    """Capitalised words of the whole question."""
    subjects: frozenset[str]
    """Those of the sentence that asks."""


@lru_cache(maxsize=512)
def read_question(question: str | None) -> Asked:
    """Return what a question asks; everything is empty without one."""
    sentence, words = asked_words(question)
    unit = content_words(" ".join(" ".join(groups) for groups in _UNIT.findall(sentence)))
    known = frozenset(quantity.value for quantity in find_quantities((question or "")[-4000:]))
    names, subjects = (frozenset(_NAME.findall(text)) for text in ((question or "")[-4000:], sentence))
    return Asked(question or "", sentence, words, unit, known, names, subjects)


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
    def counts_the_unit(self) -> bool:
        """Whether the words after the number are the unit that was asked for."""
        if _OF_THE.search(self.before):
            return False
        following = _OF_A_WHOLE.sub("", self.after)
        return bool(self.asked.unit & content_words(" ".join(_FOLLOWING.findall(following))))

    @cached_property
    def given(self) -> bool:
        """Whether the question gives the number."""
        return self.quantity.value in self.asked.known

    @cached_property
    def named(self) -> bool:
        """Whether it is new and stands after "a total of" or the like."""
        return not self.given and bool(_TOTAL_OF.search(self.before))

    @cached_property
    def asked_share(self) -> float:
        """The share of the asked words that its clause has; those that follow count half."""
        words = self.asked.words
        before = words & content_words(self.clause)
        after = (words & content_words(_CLAUSE.split(self.after)[0])) - before
        return (len(before) + len(after) / 2) / len(words) if words else 0.0

    @cached_property
    def clause(self) -> str:
        """What stands before the number in its clause."""
        return _CLAUSE.split(self.before)[-1]

    @cached_property
    def about_asked(self) -> int:
        """1 if its clause names whom the question asks about, -1 if it names someone else alone, else 0."""
        named = self.asked.names.intersection(_NAME.findall(self.clause)) if self.asked.subjects else None
        return 0 if not named else 1 if named & self.asked.subjects else -1

    @cached_property
    def sums(self) -> bool:
        """Whether a sum was asked and the clause speaks of one."""
        return bool(_ALTOGETHER.search(self.asked.sentence) and _TOGETHER.search(self.clause))


@dataclass(frozen=True)
class Formula:
    """A piece of mathematics in its sentence; `claim` is the side of an equation that counts."""

    content: str
    claim: str
    before: str
    place: float
    """Where it stands in the sentence, from 0 to 1."""
    asked: Asked

    @cached_property
    def in_question(self) -> bool:
        """Whether the question has the same formula."""
        return squeeze(self.content) in squeeze(self.asked.question)

    @cached_property
    def values(self) -> frozenset[Fraction]:
        """Its values if it is a plain number."""
        return exact_values(self.claim)

    @cached_property
    def is_equation(self) -> bool:
        """Whether it gives its claim as one side."""
        return "=" in self.content and self.claim != self.content

    @cached_property
    def is_copied(self) -> bool:
        """Whether it is more than two signs that the question has as well."""
        return len(squeeze(self.content)) > 2 and self.in_question


Piece = TypeVar("Piece")


@dataclass(frozen=True)
class Sign(Generic[Piece]):
    """Something that makes a value likelier or less likely to be the claim; `strength` is 0 to 1, or how often it holds."""

    weight: float
    why: str
    strength: Callable[[Piece], float]


NUMBER_SIGNS: tuple[Sign[Number], ...] = (
    Sign(0.2, "a number", lambda n: 1),
    Sign(1.6, "a verb states it", lambda n: _is_stated(n)),
    Sign(3.0, "it counts what was asked", lambda n: n.counts_the_unit),
    Sign(1.5, "money was asked, and this is money", lambda n: _is_asked_money(n)),
    Sign(2.5, "a percentage was asked, and this is one", lambda n: _is_asked_percent(n)),
    Sign(-2.0, "it ends a change from one value to another, not the change", lambda n: bool(_FROM.search(n.before))),
    Sign(-2.0, "such a change begins with it", lambda n: n.before.endswith("from ") and bool(_RANGE_BEGINS.match(n.after))),
    Sign(-2.0, "it is the whole of which a part is told", lambda n: bool(_OF_THE.search(n.before))),
    Sign(4.5, "what is not so was asked", lambda n: bool(_NOT_SO.match(n.after)) and bool(_NOT.search(n.asked.sentence))),
    Sign(1.5, "a sum was asked, and its clause says so", lambda n: n.sums),
    Sign(-1.3, "the question gives it", lambda n: n.given),
    Sign(-1.5, "it is a condition before the main clause", lambda n: bool(_SUBORDINATE.search(n.before)) and _comma_follows(n)),
    Sign(0.8, "its clause names whom the question asks about", lambda n: n.about_asked),
    Sign(1.5, "its clause speaks of what was asked", lambda n: n.asked_share),
    Sign(-1.5, "the claim is compared with it", lambda n: bool(_COMPARED.search(n.before))),
    Sign(1.0, "it stands after what leads to it", lambda n: bool(_RESULTING.search(n.before))),
    Sign(-1.5, '"one" is mostly no number', lambda n: n.quantity.word and _written(n).lower() == "one"),
    Sign(-1.6, "a preposition restates it", lambda n: _restates(n)),
    Sign(-1.2, "it is an operand", lambda n: _is_operand(n)),
    Sign(-2.0, "an equals sign follows: it is a left side", lambda n: bool(_EQUALS.search(n.after.split(". ")[0]))),
    Sign(-2.5, "it stands in parentheses", lambda n: in_parentheses(n.before)),
    Sign(-0.05, "for each number before it: the first of equals is the claim", lambda n: len(re.findall(r"\d+", n.before))),
)
SEGMENT_SIGNS: tuple[Sign[Formula], ...] = (
    Sign(1.0, "marked as mathematics", lambda f: 1),
    Sign(2.0, "a verb or an equation states it", lambda f: bool(_COPULA.search(f.before)) or f.is_equation),
    Sign(0.4, "the later the likelier", lambda f: f.place),
    Sign(-1.3, "the question gives it", lambda f: (f.is_copied and not f.values) or bool(f.values & f.asked.known)),
    Sign(-1.5, "an equation of the question", lambda f: f.is_equation and f.is_copied),
    Sign(-1.5, "only a variable or f(x)", lambda f: bool(re.fullmatch(r"[A-Za-z](?:\([a-z]\))?", f.claim))),
    Sign(-1.0, "a preposition restates it", lambda f: bool(_BEFORE_RESTATED.search(f.before))),
    Sign(-2.0, "a count was asked, and this is no number", lambda f: not f.values and bool(HOW_MANY.search(f.asked.question))),
    Sign(-2.0, "it stands in parentheses", lambda f: in_parentheses(f.before)),
)
EXPRESSION_SIGNS: tuple[Sign[Formula], ...] = (
    Sign(0.3, "mathematics in plain text", lambda f: 1),
    Sign(2.0, "a verb states it", lambda f: bool(_COPULA.search(f.before))),
    Sign(0.3, "the later the likelier", lambda f: f.place),
    Sign(1.0, "an equation", lambda f: "=" in f.content),
    Sign(-1.5, "the question has it", lambda f: f.in_question),
    Sign(-2.0, "it stands in parentheses", lambda f: in_parentheses(f.before)),
)


def score(piece: Piece, signs: Iterable[Sign[Piece]]) -> float:
    """Return the sum of the weights of the signs that hold."""
    return sum(sign.weight * strength for sign in signs if (strength := sign.strength(piece)))


def in_parentheses(before: str) -> bool:
    """Tell whether an opening parenthesis before a place is still open there."""
    return before.count("(") > before.count(")")


def squeeze(text: str) -> str:
    """Return mathematics without spaces and what only groups or marks it."""
    return re.sub(r"[\s$⟦⟧{}]|\\(?:left|right|cdot)", "", text)


def _written(number: Number) -> str:
    return number.text[number.quantity.start : number.quantity.end]


def _is_asked_money(number: Number) -> bool:
    sentence = number.asked.sentence
    return bool(number.quantity.money) and bool(_ASKS_MONEY.search(sentence)) and not _ASKS_PERCENT.search(sentence)


def _is_asked_percent(number: Number) -> bool:
    return number.quantity.percent and bool(_ASKS_PERCENT.search(number.asked.sentence))


def _is_stated(number: Number) -> bool:
    before = number.before
    return number.named or bool(_DASH.match(before)) or (bool(_COPULA.search(before)) and not _FROM.search(before))


def _is_operand(number: Number) -> bool:
    before = number.before
    if number.quantity.percent and _SHARE_OF.match(number.after):
        return True
    return bool((_OPERAND_BEFORE.search(before) and not _DASH.match(before)) or _OPERAND_AFTER.match(number.after))


def _comma_follows(number: Number) -> bool:
    return bool(re.match(r"[^,.]*,", number.after))


def _restates(number: Number) -> bool:
    if number.named or number.counts_the_unit or ("pay" in number.asked.words and _PAYS.search(number.before)):
        return False
    return bool(_BEFORE_RESTATED.search(number.before))
