"""Rank the statements of a response by how likely they are its conclusion."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import inf

from ..notation.residue import LIST_MARKER
from ..verdicts import Source
from .asked import asked_words
from .conclusions import CONCLUSION_SIGNS, Place, Placed, kind_of, most, read_around
from .echoes import is_echo
from .phrases import (
    ANSWER_IS,
    CHECKING,
    DIGIT,
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
"""Statements with a value that are considered, from the end."""
MAX_RESPONSE = 20_000
"""Characters of a response that are read, from the end."""
_SENTENCE_END = re.compile(
    r"(?<=[.!?⟧])(?!(?<=⟧)\s+\()(?<!\b[A-Z][a-z]\.)(?<!\bMrs\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!^\d)(?<!^\d\d)(?<!\d[.]\d[.])\s+(?=[A-ZÀ-ÖØ-ÞА-Я⟦*\"(¿\u3040-\u9fff])"
)
_END = re.compile(r"[.!?⟧]\s")
_EXPLICIT = ("box", "answer_line")
_ASSIGNED_LINE = re.compile(r"\W*([a-z])\s*=\s*[^=\s]{1,30}\W*")
_CONCLUDES = re.compile(r"\W*(?:therefore|thus|hence|so)\b", re.I)
_GUESSES = re.compile(r"\W*(?:perhaps|maybe|possibly|could it be|is it)\b")
_SEEMED = re.compile(r"\b(?:seem|appear|look|at first|might think)\w*\b.*\b(?:but|however|yet)\b.*\d", re.I)
"""What seemed to be unknowable, but is told after all."""
_ONLY_NUMBER = re.compile(r"\W*\d+[.)]?\s*")
_BULLET = re.compile(r"^\s*(?:(?:[-*•+>#]+\s+)+|(?:\(?\d{1,2}[.)]|[a-z][.)])\s+(?=\S)|step\s+\d+\s*[:.)-]\s*)+", re.I)
_QUOTED_QUESTION = re.compile(r"\"[^\"]{10,400}\?\"")


@dataclass(frozen=True)
class Statement:
    """One sentence or line; `claim` is what follows its marker, the whole text if there is no marker."""

    text: str
    claim: str
    source: Source
    score: float
    undecided: bool = False


def split_statements(text: str) -> list[str]:
    """Return sentences and lines in order, without bullets."""
    found: list[str] = []
    for line in filter(None, _assignments_joined(_without_bare_markers(text[-MAX_RESPONSE:].split("\n")))):
        line = _QUOTED_QUESTION.sub("", line) if '?"' in line else line
        bullet = _BULLET.match(line) if not _ONLY_NUMBER.fullmatch(line) else None
        line = line[bullet.end() if bullet else 0 : 4000]
        pieces = _SENTENCE_END.split(line.strip()) if _END.search(line) else (line,)
        found += [part for piece in pieces if (part := piece.strip())]
    return found


def _without_bare_markers(lines: list[str]) -> list[str]:
    """Drop the number of an item that never came: "3." below the items 1 and 2."""
    if not any(len(line) < 16 and line.rstrip(" *_")[-1:] in (".", ")", ":") for line in lines):
        return lines
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
    if sum("=" in line and len(line) < 60 for line in lines) < 2:
        return lines
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


class Ranking:
    """Yields statements by score, best first. One is scored only when its upper bound leads the heap; most never are."""

    def __init__(self, placed: Iterable[Placed]) -> None:
        self._heap = [(-most(each), each.distance, each, False) for each in placed]
        heapify(self._heap)

    def pop(self, above: float = -inf) -> Statement | None:
        """Return the best statement that is left if its score is above a limit, else None."""
        while self._heap and -self._heap[0][0] > above:
            score, distance, placed, scored = heappop(self._heap)
            if scored:
                place, kind = placed.place, placed.kind
                return Statement(place.text, kind.claim, kind.source, -score, place.has(UNDECIDED))
            heappush(self._heap, (-CONCLUSION_SIGNS.score(placed), distance, placed, True))
        return None

    def __iter__(self) -> Iterator[Statement]:
        return iter(self.pop, None)


def rank_statements(text: str, question: str | None, *, finished: bool = True) -> Ranking:
    """Return the last statements with a value, the likeliest conclusion first; none if the response gives up at the end.

    Args:
        text: the clean response.
        question: the problem, for the words of what is asked.
        finished: False for a response that breaks off. Then only explicit conclusions count.
    """
    parts = split_statements(text)
    if parts and (_gives_up(parts[-1]) or _cannot_tell(parts)):
        return Ranking(())
    return Ranking(_placed(parts, text, question, finished))


def _placed(parts: list[str], text: str, question: str | None, finished: bool) -> Iterator[Placed]:
    """Return the last statements with a value, from the end, each as it presents its value."""
    around = read_around(text, asked_words(question)[1], question)
    checking, refused = _checking_from(parts), _refused_at(parts)
    distance = 0
    for place in range(len(parts) - 1, -1, -1):
        if distance == LAST:
            return
        if not has_value(parts[place]) or is_echo(parts[place]):
            continue
        before, after = parts[place - 1] if place else "", parts[place + 1] if place + 1 < len(parts) else ""
        there = Place(parts[place], before, after, place >= checking, around)
        kind = kind_of(there)
        if place >= refused and (kind.source == "last_statement" or there.has(HYPOTHETICAL)):
            continue
        if finished or kind.source in _EXPLICIT or there.has(ANSWER_IS):
            yield Placed(there, kind, distance)
        distance += 1


def _cannot_tell(parts: list[str]) -> bool:
    """Return whether one of the last statements says that the answer cannot be known, and only guesses follow."""
    for place in range(len(parts) - 1, max(-1, len(parts) - 4), -1):
        part, low = parts[place], parts[place].lower()
        if (unknowable := UNKNOWABLE.search(part, low)) and not _SEEMED.search(part[: unknowable.end() + 200]):
            return True
        explicit = LINE.search(part, low) or FOREIGN_LINE.search(part, low) or "\\boxed" in part or _CONCLUDES.match(part)
        if explicit and has_value(part) and not GUESSED.search(part, low):
            return False
    return False


def _gives_up(part: str) -> bool:
    low = part.lower()
    return bool(
        GIVES_UP_FIRST.search(part, low)
        or (low.endswith("?") and _GUESSES.match(low))
        or (not has_value(part) and GIVES_UP.search(part, low))
    )


def has_value(part: str) -> bool:
    """Return whether a statement could hold an answer: a digit, a number word, math."""
    if "tep" in part or "quation" in part:
        part = STEP_NAMES.sub(" ", part)
    if DIGIT.search(part) or "⟦" in part or "=" in part:
        return True
    if NUMBER.search(part):
        return True
    return (":" in part or "####" in part) and bool(LINE.search(part, part) or FOREIGN_LINE.search(part, part))


def _refused_at(parts: list[str]) -> int:
    """Return where the response refuses to answer; after it only an explicit conclusion counts."""
    if not REFUSES.possible("\n".join(parts[-12:]).lower()):
        return len(parts)
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
