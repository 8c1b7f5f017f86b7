"""Read yes or no from what implies it: enough money, a point on a line, a statement called false. Start at `implied`."""

from __future__ import annotations

import re

from ..notation.asked import asked_words, content_words

# "is not prime", "fails to".
NEGATED = re.compile(
    r"\b(?:not|never|no|cannot|neither|nor|without|isn't|fails? to|too|keine?|nicht|pas|não|non|не)\b"
    r"|n't\b|不|没|ない|ありません|아니|아닙",
    re.I,
)
# "It would be true if ..." says nothing.
SUPPOSED = re.compile(r"\b(?:would|could|might|if)\b", re.I)
_DIGITS = re.compile(r"\d+")
# "The claim that 2 is not prime is false".
_CALLED = re.compile(
    r"\b(?:statement|claim|assertion|idea) that (?P<clause>[^.;:]*?) (?:is|must be) (?P<not>not )?(?:always )?"
    r"(?P<word>true|correct|right|false|wrong|incorrect)\b",
    re.I,
)
_PLAIN = content_words("true false yes statement following number")
_BUYS = frozenset(("buy", "purchas", "afford", "pay", "enough", "cover"))
# "She has enough money", "$40 is not enough for".
_ENOUGH = re.compile(r"\b(?:have|has|had|is|are|'s|isn't|aren't)(?: not)?(?: more than| just| exactly)? enough\b", re.I)
_ASKS_ON = re.compile(r"\bpass(?:es)? through\b|\bcontains?\b|\b(?:lies?|is) [^?]{0,40}?\bon\b", re.I)
_ON = re.compile(
    r"\b(?:point|it|\)) (?:(?:does not|doesn't) lie|lies|is(?: not|n't)?|falls|sits) (?:exactly |indeed )?on"
    r" (?:the|this|that|it)\b"
)
# Where a clause ends.
_CLAUSE = re.compile(r"[,;:]\s|\band\b|\b(?:but|because|since|as|so)\b|\.(?=\s|$)", re.I)


def implied(part: str, question: str) -> bool | None:
    """Return what a statement says of a question without its words; None if it says nothing."""
    if part.endswith("?"):
        return None
    sentence = asked_words(question)[0]
    if (called := _CALLED.search(part)) is not None:
        return _of_statement(called, question)
    if "enough" in part and content_words(sentence) & _BUYS:
        return _said(_ENOUGH, part, question)
    return _said(_ON, part, question) if " on " in part and _ASKS_ON.search(sentence) else None


def gives_numbers(question: str, clause: str) -> bool:
    """Return whether the question gives all numbers of a clause."""
    return set(_DIGITS.findall(clause)) <= set(_DIGITS.findall(question))


def _of_statement(called: re.Match[str], question: str) -> bool | None:
    """Return what it says of the question that a statement with all words of it is called true or false, or what is added."""
    sentence = asked_words(question)[0]
    words, digits = content_words(sentence) - _PLAIN, set(_DIGITS.findall(sentence))
    denied = bool(NEGATED.search(sentence))
    # "The claim that no even number is prime is false: 2 is prime."
    after = called.string[called.end() :]
    if words and words <= content_words(after) and digits <= set(_DIGITS.findall(after)):
        return (not NEGATED.search(after)) != denied
    if not words <= content_words(called["clause"]) or not digits <= set(_DIGITS.findall(called["clause"])):
        return None
    true = (called["word"].lower() in ("true", "correct", "right")) != bool(called["not"])
    return true == (bool(NEGATED.search(called["clause"])) == denied)


def _said(pattern: re.Pattern[str], part: str, question: str) -> bool | None:
    """Return whether the last clause with a pattern says so or denies it; None if it supposes it or has other numbers."""
    for clause in reversed(_CLAUSE.split(part)):
        if found := pattern.search(clause):
            if SUPPOSED.search(clause) or not gives_numbers(question, clause[found.end() :]):
                return None
            return not NEGATED.search(clause[: found.end()])
    return None
