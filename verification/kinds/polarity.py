"""Read whether a response says yes or no, true or false. Start at `find_polarity`."""

from __future__ import annotations

import re
from itertools import permutations

from ..claims.statements import split_statements
from ..notation.asked import asked_words, content_words
from .implied import NEGATED, SUPPOSED, gives_numbers, implied

_YES = "yes true yep yeah sí si oui ja sim sì да 是 是的 对 はい 예 네 tak evet"
_NO = "no false nope non nein não нет 不是 否 不 いいえ 아니요 아니오 nie hayır"
WORDS = dict.fromkeys(_YES.split(), True) | dict.fromkeys(_NO.split(), False)
"""Also in other languages."""
_WORD = rf"(?P<word>{'|'.join(sorted(WORDS, key=len, reverse=True))})"
# What may follow the word, so that "no apples" and "true love" do not count.
_STOPS = r"(?=\s*(?:[.,:;!?)*\"'}\]—-]|$|because\b|since\b|as\b|it\b|she\b|he\b|they\b|there\b|the\b|with\b|for\b|when\b))"
# "No, it is not", "Therefore, yes".
_FIRST = re.compile(
    rf"(?:^\W*|[,;:-]\s+(?=(?:so|therefore|thus|hence)\b)|[,;:]\s+(?=(?:yes|no), (?!wait\b|actually\b)[a-z]+ ))"
    rf"(?:(?:so|therefore|thus|hence|finally|and|in conclusion|overall|ultimately|then)\b,?\s*)*{_WORD}\b{_STOPS}",
    re.I,
)
# "The answer is no", "the statement is not always true".
_CALLED = re.compile(
    rf"\b(?:answer|statement|claim|conclusion|assertion|proposition|it|this|that|which|result|equation|verdict)\b[^.\n]{{0,40}}?"
    rf"(?:\b(?:is|are|was|must be|would be|should be|remains)\b|'s\b|:|=)\s*(?P<adverb>(?:indeed|clearly|therefore"
    rf"|definitely|actually|also|always)\s+)?"
    rf"(?P<not>not\s+(?:always\s+|necessarily\s+)?)?[\"'*(]*{_WORD}\b{_STOPS}",
    re.I,
)
# "\boxed{\text{Yes}}".
_BOX = re.compile(rf"\\boxed\s*\{{\s*(?:\\text\s*\{{)?\s*{_WORD}\b", re.I)
# A capitalised word within a sentence.
_NAME = re.compile(r"(?<=\s)[A-Z][a-z]+")
# "Correct.", "That's wrong.".
_BRIEF = re.compile(r"\W*(?:(?:that|it|this)(?:'s| is) )?(?P<brief>correct|right|t|incorrect|wrong|f)\W*", re.I)
_SHORT_OF = re.compile(r"\b(?:is|are|'s|falls?|be) (?:[$€£]?[\d.,]+ (?:\w+ )?)?short\b|\bshort (?:of|by)\b", re.I)
"""Not enough: "She is $2 short."."""
# Words of the question that an answer need not repeat; "ye" is "yes" without its s, as `content_words` returns it.
_ASKING = content_words("true false yes statement following number")
# "To determine if ...", "we check whether ..." say neither.
_OPEN = re.compile(r"\bwhether\b|\b(?:determine|check|see|find out|tell|know|decide|verify|ask(?:ing|ed)?|assess) if\b", re.I)
# "..., so": what follows concludes.
_SO = re.compile(r"(?:^\W*|[,;:.-]\s*)(?:and |but )?(?:so|therefore|thus|hence|which means|this means)\b,?\s+(?:that )?", re.I)
# "only if", "might", "?": neither yes nor no.
_UNSURE = re.compile(r"\b(?:if|unless|only|when|might|may|but|whether|except|until|or|than|one)\b|[?;:]|,\s", re.I)
_MODAL = frozenset(("can", "could", "will", "would", "should"))
_DO = frozenset(("does", "do", "did"))
# The word that begins a question to be answered with yes or no.
_ASKS = re.compile(r"(is|are|was|were|does|do|did|can|could|will|would|should|has|have)\b", re.I)
# "it does not", "the ladder", "she can't".
_SUBJECT = re.compile(
    r"(?:(?P<he>he|she|they)|it|this|that|the(?: [a-z-]+){1,2}?|[A-Z][a-z]+)"
    r"(?:\s(?P<verb>is|are|was|were|does|do|did|can|could|will|would|should|wo|ca|has|have)(?P<not>n't|not| not)?\b"
    r"|\s(?=[a-z]+s\b))"
    r"(?: (?:indeed|definitely|clearly|also|just))?",
    re.I,
)
# Words that are left after "it is": "it is a lie" says something else, "it is" does not.
_OTHERS = re.compile(r"[a-z]", re.I)
# Where one clause of a sentence ends: "..., because ...".
_CLAUSE = re.compile(r"[,;:]\s|\b(?:but|because|since|as|so|which means|and therefore|which shows)\b", re.I)
_CONDITION = re.compile(
    r"\s(?:if|when|given|assuming)\s.*$|\sfor\s[^,?]*(?=\?)|^(?:if|when|given|assuming)\s[^,]*,", re.I | re.S
)
"""What a question presupposes: "... if she has $5?"."""
_OPPOSITES = {
    word: other
    for pair in (
        "prime composite",
        "even odd",
        "rational irrational",
        "possible impossible",
        "convergent divergent",
        "converge diverge",
        "increasing decreasing",
        "positive negative",
        "equal unequal",
        "continuous discontinuous",
        "linear nonlinear",
        "dependent independent",
    )
    for word, other in permutations(sorted(content_words(pair)))
}
"""Stems of which one denies the other."""
_PRONOUN = re.compile(r"\s*(?:it|she|he|they)\b", re.I)
# "It is not.", "She does."
_SHORT = re.compile(
    r"\W*(?:(?:so|therefore|thus|hence),? )?(?:it|she|he|they|that|this|we|you|i)"
    r" (?:is|are|does|do|can|will|would|has|have|was|did|could)"
    r"(?: indeed)?(?P<not>n't|'t|not| not| never)?\W*(?:\s(?:because|since|as)\b.*)?",
    re.I | re.S,
)
_VERDICT = re.compile(
    r"\b(?:(?:statement|claim|assertion|proposition|conjecture) (?:is|are)"
    r" (?P<denied>not |never )?(?P<called>correct|right|valid"
    r"|incorrect"
    r"|wrong|invalid)|(?:statement|claim|this|that|it|equation|identity|inequality) (?P<fails>holds|(?:does not|doesn't) hold)"
    r"|(?:that|it|this)(?:'s| is) (?P<im>not possible|impossible|possible))\b",
    re.I,
)
"""Other words for true or false, yes or no."""


def read_polarity(reference: str) -> bool | None:
    """Return True for the reference "yes" or "true", False for "no" or "false", None for any other."""
    return WORDS.get(reference.strip().strip(".").lower())


def find_polarity(text: str, question: str | None = None) -> tuple[bool, str] | None:
    """Return whether a cleaned response says yes or true, with its sentence; the last such sentence counts."""
    for part in reversed(split_statements(text)):
        if boxed := list(_BOX.finditer(part)):
            return WORDS[boxed[-1]["word"].lower()], part
        if question and (said := implied(part, question)) is not None:
            return said, part
        called = [match for match in _CALLED.finditer(part) if not SUPPOSED.search(match[0])]
        if called:
            last = called[-1]
            return WORDS[last["word"].lower()] != bool(last["not"]), part
        if question and not part.endswith("?") and (short := _SHORT.fullmatch(part)):
            return not short["not"], part
        if question and (brief := _BRIEF.fullmatch(part)):
            return brief["brief"].lower() in ("correct", "right", "t"), part
        if question and (verdict := _VERDICT.search(part)) and not SUPPOSED.search(part) and not part.endswith("?"):
            return _approves(verdict), part
        if first := _FIRST.search(part):
            return WORDS[first["word"].lower()], part
        if question and (concluded := _concluded(part, question)) is not None:
            return concluded, part
    return _restated(text, question) if question else None


def _concluded(part: str, question: str) -> bool | None:
    """Return what a last clause says of what was asked, "..., so it does fit", "..., so she can't"; None if nothing."""
    ends = list(_SO.finditer(part))
    sentence = asked_words(question)[0]
    if not ends or _UNSURE.search(clause := part[ends[-1].end() :].strip(" .!*")) or NEGATED.search(sentence):
        return None
    if not (begin := _ASKS.match(_CONDITION.sub("", sentence).strip(" *$\"'"))) or not (found := _SUBJECT.match(clause)):
        return None
    # Of two names, "he" is one or the other.
    if found["he"] and len(set(_NAME.findall(sentence))) > 1:
        return None
    asking, verb, rest = begin[1].lower(), (found["verb"] or "").lower(), clause[found.end() :]
    asked = content_words(sentence)
    said = content_words(NEGATED.sub(" ", rest)) - _ASKING - _words_of_subject(sentence)
    allowed = asked | ({"afford"} if asked & {"buy", "enough", "purchas"} else set())
    if not gives_numbers(question, rest) or not said <= allowed:
        return None
    verb = {"wo": "will", "ca": "can"}.get(verb, verb)
    same = verb == asking or (verb in _MODAL and asking in _MODAL | _DO)
    # A bare verb must be that of the question: "so it fits", where "Does it fit?" was asked.
    if (same and (said or not _OTHERS.search(rest))) or (not verb and said and asking in _MODAL | _DO):
        return not (found["not"] or NEGATED.search(rest))
    return None


def _words_of_subject(sentence: str) -> frozenset[str]:
    """Return the first word with a meaning of its own in a question: the "triangle" of "Is the triangle a right triangle?"."""
    return next((words for word in sentence.split() if (words := content_words(word))), frozenset())


def _denies(part: str, question: str, enough: bool) -> bool:
    """Return whether the last clause of a statement denies words of the question and says nothing else: "she can't buy it"."""
    if enough and _SHORT_OF.search(part):
        return True
    clause = _CLAUSE.split(part.strip(" ."))[-1]
    sentence = asked_words(question)[0]
    said = content_words(NEGATED.sub(" ", clause))
    return (
        bool(said)
        and said <= content_words(sentence)
        and gives_numbers(question, clause)
        and bool(NEGATED.search(clause))
        and not NEGATED.search(sentence)
        and not part.endswith("?")
    )


def _approves(verdict: re.Match[str]) -> bool:
    if verdict["im"]:
        return verdict["im"].lower() == "possible"
    if verdict["fails"]:
        return verdict["fails"].lower() == "holds"
    return (verdict["called"].lower() in ("correct", "right", "valid")) != bool(verdict["denied"])


def _restated(text: str, question: str) -> tuple[bool, str] | None:
    """Return what the last statement with all words of the question says: "91 is not prime" says no."""
    asked = content_words(_CONDITION.sub("", asked_words(question)[0])) - _ASKING
    asked = frozenset(word for word in asked if len(word) > 1)
    names = {name.lower().rstrip("s") for name in _NAME.findall(question)}
    # Of two names in the question, "he" may be the other one.
    unnamed = asked - names if len(names & asked) < 2 else asked
    denied = {word: frozenset(asked - {word} | {other}) for word, other in _OPPOSITES.items() if word in asked}
    for part in reversed(split_statements(text)[-3:]):
        if _OPEN.search(part):
            continue
        opposite = any(words <= content_words(clause) for clause in _CLAUSE.split(part) for words in denied.values())
        if opposite and not NEGATED.search(part) and not part.endswith("?"):
            return False, part
        if _denies(part, question, "enough" in asked):
            return False, part
        clauses = ((each, unnamed if _PRONOUN.match(each) else asked) for each in reversed(_CLAUSE.split(part)))
        clause = next((each for each, words in clauses if words and words <= content_words(each)), None)
        supposed = SUPPOSED.search(clause) if clause else None
        if clause and not part.endswith("?") and (not supposed or supposed[0].lower() in question.lower().split()):
            return not NEGATED.search(clause), part
    return None
