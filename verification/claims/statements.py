"""Which statement of a response is its conclusion."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ..notation.residue import LIST_MARKER
from ..verdicts import Source
from .conclusions import CONCLUSION_SIGNS, Place, Placed, kind_of
from .echoes import is_echo
from .phrases import (
    ANSWER_IS,
    CHECKING,
    FOREIGN_LINE,
    GIVES_UP,
    GIVES_UP_FIRST,
    GUESSED,
    HYPOTHETICAL,
    LINE,
    NUMBER,
    REFUSES,
    STEP_NAMES,
    UNDECIDED,
    UNKNOWABLE,
)

LAST = 10
MAX_RESPONSE = 20_000
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(
    r"(?<=[.!?⟧])(?!(?<=⟧)\s+\()(?<!\b[A-Z][a-z]\.)(?<!\bMrs\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!^\d)(?<!^\d\d)(?<!\d[.]\d[.])\s+(?=[A-ZÀ-ÖØ-ÞА-Я⟦*\"(¿\u3040-\u9fff])"
)
_EXPLICIT = ("box", "answer_line")
_ASSIGNED_LINE = re.compile(r"\W*([a-z])\s*=\s*[^=\s]{1,30}\W*")
_CONCLUDES = re.compile(r"\W*(?:therefore|thus|hence|so)\b", re.I)
_ONLY_NUMBER = re.compile(r"\W*\d+[.)]?\s*")
_BULLET = re.compile(r"^\s*(?:(?:[-*•+>#]+\s+)+|(?:\(?\d{1,2}[.)]|[a-z][.)])\s+(?=\S)|step\s+\d+\s*[:.)-]\s*)+", re.I)
_QUOTED_QUESTION = re.compile(r"\"[^\"]{10,400}\?\"")
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
    words = set(_WORD.findall(text.lower())) - _STOP
    return frozenset(word.rstrip("s") for word in words if len(word) != 2)


def split_statements(text: str) -> list[str]:
    """Return sentences and lines in order, without bullets."""
    found: list[str] = []
    for line in filter(None, _assignments_joined(_without_bare_markers(text[-MAX_RESPONSE:].split("\n")))):
        line = _QUOTED_QUESTION.sub("", line) if '?"' in line else line
        line = _BULLET.sub("", line[:4000]) if not _ONLY_NUMBER.fullmatch(line) else line
        found += [part for piece in _SENTENCE_END.split(line.strip()) if (part := piece.strip())]
    return found


def _without_bare_markers(lines: list[str]) -> list[str]:
    """Drop the number of an item that never came: "3." below the items 1 and 2."""
    kept = []
    item, before = 0, ""
    for line in lines:
        marker = LIST_MARKER.match(line)
        if marker and marker.end() == len(line) and int(marker["number"]) == item + 1 > 1 and before[-1:] not in ":=":
            continue
        kept.append(line)
        item = int(marker["number"]) if marker else item
        before = line.rstrip(" *") or before
    return kept


def _assignments_joined(lines: list[str]) -> list[str]:
    """Join lines that each give a value to another letter: "x = 5", "y = -3"."""
    joined: list[str] = []
    before = ""
    for line in lines:
        given = _ASSIGNED_LINE.fullmatch(line) if "=" in line and len(line) < 60 else None
        if given and before and given[1] not in before:
            joined[-1] = f"{joined[-1].rstrip(' .,;')} and {_BULLET.sub('', line).strip()}"
        else:
            joined.append(line)
        before = (before if given and before else "") + given[1] if given else before if not line.strip() else ""
        if not line.strip() and before:
            joined.pop()
    return joined


def rank_statements(text: str, question: str | None, *, finished: bool = True) -> list[Statement]:
    """Return the last statements that hold a value, the likeliest conclusion first; none if the response gives up in the end.

    Of a response that breaks off only what is explicitly called its conclusion counts.
    """
    parts = split_statements(text)
    if parts and (_gives_up(parts[-1]) or _cannot_tell(parts)):
        return []
    _, asked = asked_words(question)
    checking, refused = _checking_from(parts), _refused_at(parts)
    supposed = bool(re.search(r"\b(?:if|would)\b", question or "", re.I))
    ranked: list[Statement] = []
    for place in range(len(parts) - 1, -1, -1):
        if len(ranked) == LAST:
            break
        if has_value(parts[place]) and not is_echo(parts[place]):
            before, after = parts[place - 1] if place else "", parts[place + 1] if place + 1 < len(parts) else ""
            statement = _ranked(Place(parts[place], before, after, place >= checking, supposed), len(ranked), asked)
            supposes = refused < len(parts) and HYPOTHETICAL.search(parts[place], parts[place].lower())
            if place < refused or (statement.source != "last_statement" and not supposes):
                ranked.append(statement)
    if not finished:
        ranked = [
            statement
            for statement in ranked
            if statement.source in _EXPLICIT or ANSWER_IS.search(statement.text, statement.text.lower())
        ]
    return sorted(ranked, key=lambda statement: -statement.score)


def _cannot_tell(parts: list[str]) -> bool:
    """Tell whether one of the last statements says that the answer cannot be known, and only guesses follow."""
    for place in range(len(parts) - 1, max(-1, len(parts) - 4), -1):
        part, low = parts[place], parts[place].lower()
        if UNKNOWABLE.search(part, low):
            return True
        explicit = LINE.search(part, low) or FOREIGN_LINE.search(part, low) or "\\boxed" in part or _CONCLUDES.match(part)
        if explicit and has_value(part) and not GUESSED.search(part, low):
            return False
    return False


def _gives_up(part: str) -> bool:
    low = part.lower()
    return bool(GIVES_UP_FIRST.search(part, low) or (not has_value(part) and GIVES_UP.search(part, low)))


def _ranked(place: Place, distance: int, asked: frozenset[str]) -> Statement:
    kind = kind_of(place)
    share = len(asked & content_words(place.text)) / len(asked) if asked else 0.0
    return Statement(
        place.text, kind.claim, kind.source, CONCLUSION_SIGNS.score(Placed(place, kind, distance, share)), place.has(UNDECIDED)
    )


def has_value(part: str) -> bool:
    """Tell whether a statement could hold an answer: a digit, a number word, math."""
    low = part.lower()
    if "step" in low or "equation" in low:
        part = STEP_NAMES.sub(" ", part)
    return bool(NUMBER.search(part) or LINE.search(part, part) or FOREIGN_LINE.search(part, part))


def _refused_at(parts: list[str]) -> int:
    """Return where the response refuses to answer; after it only an explicit conclusion counts."""
    for place, part in enumerate(parts[-12:], max(0, len(parts) - 12)):
        if REFUSES.search(part, part.lower()):
            return place
    return len(parts)


def _checking_from(parts: list[str]) -> int:
    """Return where a closing section that only checks begins, if it is in the last part of the response."""
    for place in range(len(parts) - 1, max(0, len(parts) - 12), -1):
        if CHECKING.search(parts[place], parts[place].lower()):
            return place
    return len(parts)
