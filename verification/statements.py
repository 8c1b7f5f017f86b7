"""Which statement of a response is its conclusion."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from .verdicts import Source

LAST = 14
MAX_RESPONSE = 20_000
_MARKER = r"(?:(?:the\s+|my\s+|our\s+|your\s+)?(?:final\s+|correct\s+)?(?:answer|result|solution)|A|####)"
_LINE = re.compile(
    rf"^\s*(?:[#*>\s]*)(?:{_MARKER})(?:\s+(?:is|to [^:\n]{{3,80}} is))?\s*(?::|(?<=####))\s*(?P<claim>\S.*)$", re.I
)
_BARE_MARKER = re.compile(r"(?:final\s+answer|the\s+answer|^\s*answer)(?:\s+(?:is|as))?\s*:?\s*$", re.I)
_ANSWER_IS = re.compile(
    r"(?<!your )(?<!if our )\b(?:final|correct)?\s*(?:answer|solution)\b[^.:\n]{0,80}?(?:\b(?:is|are|must be|would be)\b|=|:)",
    re.I,
)
_CONCLUSION = re.compile(
    r"^\W*(?:and\s+)?(?:therefore|thus|hence|so|in conclusion|to conclude|in summary|to summarize|finally|overall|consequently"
    r"|as a result|in total|this means|we conclude|based on (?:the|these|our) calculations?)\b"
    r"|[,.;]\s(?:therefore|thus|hence|so|we find that|we conclude)\b",
    re.I,
)
_CONFIRMED = re.compile(
    r"\b(?:value|answer|solution|result|equation|work)s? (?:we found )?(?:is|are) (?:indeed )?correct", re.I
)
_IMPERATIVE = re.compile(
    r"^\W*(?:finali[sz]e|write (?:down|out|your|the)|state|express|record|identify"
    r"|determine|calculate|find|multiply|subtract|divide|add)\b",
    re.I,
)
_THAT_IS_IT = re.compile(r"^\W*that'?s (?:the|our|your) (?:final )?answer", re.I)
_CORRECTION = re.compile(
    r"\b(?:wait|actually|correction|i made a mistake|should (?:be|have been)|instead it is"
    r"|round(?:ed|ing)? (?:it )?(?:down|up))\b",
    re.I,
)
_ASIDE = re.compile(
    r"^\W*(?:note\b|for example|e\.g\.|remember|check(?:ing)?\b|verif(?:y|ying|ication)\b|to (?:check|verify)"
    r"|let'?s (?:check|verify)"
    r"|alternatively|you can|tip\b|double[- ]check|substitut(?:e|ing)|if (?:the result|it) (?:were|was)|this is because|where\b"
    r"|formula|next,|first,|now,? (?:let|we need|think|add|sub|div|mult)|step \d+\s*:?\s*$)",
    re.I,
)
_CHECKING = re.compile(
    r"^\W*(?:step\s*\d+\W+)?(?:check(?:ing)?|verif(?:y|ication)|proof)\b(?!.*(?:final answer|correct answer))", re.I
)
_UNDECIDED = re.compile(
    r"\b(?:unclear|cannot (?:be )?determine|can't determine|either .{1,80} or|i don'?t know|not sure)\b",
    re.I,
)
_SENTENCE_END = re.compile(
    r"(?<![A-Z][a-z])(?<!\bMrs)(?<!\be\.g)(?<!\bi\.e)(?<!^\d)(?<!^\d\d)(?<=[.!?⟧])(?<!\d[.]\d[.])\s+(?=[A-Z⟦*\"(])"
)
_BULLET = re.compile(r"^\s*(?:(?:[-*•+>#]+\s+)+|(?:\(?\d{1,2}[.)]|[a-z][.)])\s+(?=\S)|step\s+\d+\s*[:.)-]\s*)+", re.I)
_STOP = frozenset(
    re.findall(
        r"\w+",
        "the a an of to in is are was were be been does do did how many much what which who when where that this these those"
        " it its he she they his her their for on at by with from and or as if has have had will would can could should each"
        " per than not no all there find value following express your answer given into let suppose you we us i",
    )
)


@dataclass(frozen=True)
class Statement:
    """One sentence or line; `claim` is what follows its marker, the whole text if there is no marker."""

    text: str
    claim: str
    source: Source
    score: float
    undecided: bool = False


@lru_cache(maxsize=512)
def asked_words(question: str | None) -> tuple[str, frozenset[str]]:
    """Return the sentence of a question that asks, and its content words."""
    if not question:
        return "", frozenset()
    parts = re.split(r"(?<=[.?!])\s+(?=[A-Z$])", question[-3000:].strip())
    asking = [
        part
        for part in parts
        if part.rstrip().endswith("?") or re.match(r"(?:find|calculate|what|how|determine|compute)\b", part, re.I)
    ]
    sentence = asking[-1] if asking else parts[-1]
    return sentence, content_words(sentence)


def content_words(text: str) -> frozenset[str]:
    """Return the words that carry meaning, without plural s, and single math letters."""
    words = re.findall(r"[A-Za-z]+", text.lower())
    return frozenset(word.rstrip("s") for word in words if word not in _STOP and (len(word) > 2 or len(word) == 1))


def split_statements(text: str) -> list[str]:
    """Return sentences and lines in order, without bullets."""
    found = []
    for line in text[-MAX_RESPONSE:].split("\n"):
        line = _BULLET.sub("", line[:4000]) if not re.fullmatch(r"\W*\d+[.)]?\s*", line) else line
        found += [part.strip() for part in _SENTENCE_END.split(line.strip()) if part.strip()]
    return found


def rank_statements(text: str, question: str | None) -> list[Statement]:
    """Return the last statements that hold a value, the likeliest conclusion first."""
    parts = split_statements(text)
    _, asked = asked_words(question)
    checking = _checking_from(parts)
    ranked: list[Statement] = []
    distance = 0
    for place in range(len(parts) - 1, -1, -1):
        part = parts[place]
        before, after = parts[place - 1] if place else "", parts[place + 1] if place + 1 < len(parts) else ""
        if not has_value(part):
            continue
        ranked.append(_rank(part, before, after, distance, asked, place >= checking))
        distance += 1
        if distance >= LAST:
            break
    return sorted(ranked, key=lambda statement: -statement.score)


def has_value(part: str) -> bool:
    """Tell whether a statement could hold an answer: a digit, a number word, math."""
    return bool(
        re.search(r"\d|⟦|\\boxed|=|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|zero|no)\b", part)
        or _LINE.match(part)
    )


def _checking_from(parts: list[str]) -> int:
    """Return where a closing section that only checks begins, if it is in the last part of the response."""
    for place in range(len(parts) - 1, max(0, len(parts) - 12), -1):
        if _CHECKING.match(parts[place]):
            return place
    return len(parts)


def _rank(part: str, before: str, after: str, distance: int, asked: frozenset[str], checking: bool) -> Statement:
    claim, source, score = part, "last_statement", 0.0
    if "\\boxed" in part:
        source, score = "box", 5.0
    elif line := _LINE.match(part):
        claim, source, score = line["claim"], "answer_line", 5.0
    elif _BARE_MARKER.search(before):
        source, score = "answer_line", 4.0
    elif (
        (found := _ANSWER_IS.search(part))
        and re.search(r"[\d⟦]|\b(?!two\b)\w+\W*$", part[found.end() :])
        and has_value(part[found.end() :])
    ):
        claim, source, score = part[found.end() :], "concluding_sentence", 2.4
    elif _CONCLUSION.search(part):
        source, score = "concluding_sentence", 1.5
    if _CORRECTION.search(part):
        score += 2.0
    if _THAT_IS_IT.match(after):
        score += 1.5
    if asked and score < 4:
        score += 1.8 * len(asked & content_words(part)) / len(asked)
    if _ASIDE.match(part) and source == "last_statement" and not re.search(r"=\s*\$?-?[\d.,]+\W*\w*\W*$", part):
        score -= 3.0
    if _CONFIRMED.search(part):
        score -= 1.5
    if _IMPERATIVE.match(part) and source not in ("box", "answer_line"):
        score -= 1.5
    if part.endswith(":") and source != "box":
        score -= 2.0
    if part.endswith("?") or (checking and source not in ("box", "answer_line")):
        score -= 2.5
    return Statement(part, claim, source, score - 0.75 * distance + (distance == 0), bool(_UNDECIDED.search(part)))  # type: ignore[arg-type]
