"""Split a response into statements and rank them by how likely they are its conclusion. Start at `rank_statements`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import islice
from math import inf

from ..notation.asked import asked_words, content_words
from ..notation.residue import LIST_MARKER
from ..verdicts import Source
from .conclusions import CONCLUSION_SIGNS, Placed, kind_of, most
from .echoes import GIVES_UP, GIVES_UP_FIRST, GUESSED, REFUSES, UNDECIDED, UNKNOWABLE, is_echo
from .phrases import (
    ANSWER_IS,
    APOLOGY,
    CHECKING,
    CLOSING,
    EXPLAINS,
    FOREIGN_LINE,
    HYPOTHETICAL,
    LINE,
    names_value,
    without_step_names,
)
from .places import Place, is_value_alone, read_around, tells_parts

LAST = 8
"""Maximum number of statements with a value that are considered, from the end."""
MAX_RESPONSE = 20_000
"""Maximum characters of a response that are read, from the end."""
# Where a sentence ends: not after "Mrs.", "e.g.", an initial, or the number of an item, and before a number only after a word.
_SENTENCE_END = re.compile(
    r"(?<=[.!?⟧])(?!(?<=⟧)\s+\()(?<!\b[A-Z][a-z]\.)(?<!\bMrs\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!^\d)(?<!^\d\d)(?<!^\d[.]\d[.])\s+"
    r"(?:(?=[A-ZÀ-ÖØ-ÞА-Я⟦*\"(¿\u3040-\u9fff])|(?<=[a-z]{3}[.!?]\s)(?<!pprox[.]\s)(?<!min[.]\s)(?<!sec[.]\s)(?=\d))"
)
# A quick test: without one of these, a line is one sentence.
_END = re.compile(r"[.!?⟧]\s")
_EXPLICIT = ("box", "answer_line")
# A line that only gives a value to a letter, "x = 5"; such lines belong together.
_ASSIGNED_LINE = re.compile(r"\W*([a-z])\s*=\s*[^=\s]{1,30}\W*")
# The mark of a list without numbers.
_LISTED = re.compile(r"\s*[-*•]\s")
# "Therefore, ...".
_CONCLUDES = re.compile(r"\W*(?:therefore|thus|hence|so)\b", re.I)
# A last question that only guesses: "Maybe 12?".
_GUESSES = re.compile(r"\W*(?:perhaps|maybe|possibly|could it be|is it)\b")
_SEEMED = re.compile(r"\b(?:seem|appear|look|at first|might think)\w*\b.*\b(?:but|however|yet)\b.*\d", re.I)
"""What seems unknowable, but is told after all: "It seems impossible to tell, but ... 12"."""
# A line with only a number may be an answer, although it looks like the number of an item.
_ONLY_NUMBER = re.compile(r"\W*\d+[.)]?\s*")
# Marks of lists, quotations and headings before a statement: "- ", "2) ", "## ", "Step 3: ".
_BULLET = re.compile(r"^\s*(?:(?:[-*•+>#]+\s+)+|(?:\(?\d{1,2}[.)]|[a-z][.)])\s+(?=\S)|step\s+\d+\s*[:.)-]\s*)+", re.I)
# A question that the response repeats in quotation marks claims nothing: "How many apples are left?".
_QUOTED_QUESTION = re.compile(r"\"[^\"]{10,400}\?\"")


@dataclass(frozen=True)
class Statement:
    """One sentence or line; `claim` is the text after its marker, or the whole text without one."""

    text: str
    claim: str
    source: Source
    score: float
    undecided: bool = False


def split_statements(text: str) -> list[str]:
    """Return the sentences of a text in order, without bullets; a line break also ends a sentence."""
    found: list[str] = []
    for line in filter(None, _assignments_joined(_without_bare_markers(text[-MAX_RESPONSE:].split("\n")))):
        line = _QUOTED_QUESTION.sub("", line) if '?"' in line else line
        bullet = _BULLET.match(line)
        if bullet and len(line) < 20 and _ONLY_NUMBER.fullmatch(line):
            bullet = None
        line = line[bullet.end() if bullet else 0 : 4000]
        pieces = _SENTENCE_END.split(line.strip()) if _END.search(line) else (line,)
        found += [part for piece in pieces if (part := piece.strip())]
    return found


def _without_bare_markers(lines: list[str]) -> list[str]:
    """Drop the number of an item without text: "3." below the items 1 and 2."""
    if not any(len(line) < 16 and line.rstrip(" *_")[-1:] in (".", ")", ":") for line in lines):
        return lines
    kept = []
    item, before = 0, ""
    for line in lines:
        marker = LIST_MARKER.match(line)
        # The next number of the list and nothing else, unless the line before announces it: "The answer is:" / "3."
        if marker and marker.end() == len(line) and int(marker["number"]) == item + 1 > 1 and before[-1:] not in ":=":
            continue
        kept.append(line)
        item = int(marker["number"]) if marker else item
        before = line.rstrip(" *") or before
    return kept


def _assignments_joined(lines: list[str]) -> list[str]:
    """Join lines that each give a value to a different letter: "x = 5" and "y = -3"."""
    # A quick test, since most replies have no such lines.
    if sum("=" in line and len(line) < 60 for line in lines) < 2:
        return lines
    joined: list[str] = []
    before = ""
    for line in lines:
        given = _ASSIGNED_LINE.fullmatch(line) if "=" in line and len(line) < 60 else None
        listed = bool(given and before == given[1] and _LISTED.match(line) and _LISTED.match(joined[-1]))
        if given and before and (given[1] not in before or listed):
            joined[-1] = f"{joined[-1].rstrip(' .,;')} {'or' if listed else 'and'} {_BULLET.sub('', line).strip()}"
        else:
            joined.append(line)
        before = (before if given and before else "") + given[1] if given else before if not line.strip() else ""
        if not line.strip() and before:
            joined.pop()
    return joined


class Ranking:
    """Yields statements, the best score first. One is scored only when its upper bound leads the heap; most never are."""

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
    """Return the last statements with a value, the likeliest conclusion first; none if the response ends by giving up.

    Args:
        text: the clean response.
        question: the problem, for the words of what is asked.
        finished: False for a response that breaks off. Then only explicit conclusions count.
    """
    parts = split_statements(text)
    if parts and (_gives_up(parts[-1]) or _cannot_tell(parts)):
        return Ranking(())
    return Ranking(_placed(parts, question, finished))


def _placed(parts: list[str], question: str | None, finished: bool) -> Iterator[Placed]:
    """Yield the last statements with a value, from the end, each with how it presents its value."""
    low = "\n".join(parts[-12:]).lower()
    asked = asked_words(question)[1]
    checking, refused, corrected = _checking_from(parts, low, asked), _refused_at(parts, low), _corrected_from(parts, low)
    valued = (place for place in range(len(parts) - 1, -1, -1) if has_value(parts[place]) and not is_echo(parts[place]))
    places = list(valued if refused < len(parts) else islice(valued, LAST))
    around = read_around("\n".join(parts[max(0, places[-1] - 1) :]) if places else "", asked, question)
    summed = tells_parts(parts, question)
    distance = 0
    for place in places:
        if distance == LAST:
            return
        before, after = parts[place - 1] if place else "", parts[place + 1] if place + 1 < len(parts) else ""
        first = place == 0 and is_value_alone(parts, question)
        late = place >= checking, place >= corrected
        there = Place(parts[place], before, after, *late, around, first, place > 0 and summed, (parts, place))
        kind = kind_of(there)
        # After a refusal, a number is no conclusion unless it is marked as one.
        if place >= refused and (kind.source == "last_statement" or there.has(HYPOTHETICAL)):
            continue
        # A response that breaks off has not concluded yet; only an explicit answer counts.
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
    """Return whether a statement can contain an answer: a digit, a number word or mathematics."""
    part = without_step_names(part)
    if names_value(part):
        return True
    return (":" in part or "####" in part) and bool(LINE.search(part, part) or FOREIGN_LINE.search(part, part))


def _refused_at(parts: list[str], low: str) -> int:
    """Return the index of the statement that refuses to answer; after it, only an explicit conclusion counts."""
    # One search of `low`, the last twelve in lower case, is cheaper than twelve.
    if not REFUSES.possible(low):
        return len(parts)
    for place, part in enumerate(parts[-12:], max(0, len(parts) - 12)):
        if REFUSES.search(part, part.lower()):
            return place
    return len(parts)


def _checking_from(parts: list[str], low: str, asked: frozenset[str]) -> int:
    """Return the index of the statement that begins a closing check, if it is among the last twelve."""
    checks, explains = CHECKING.possible(low), EXPLAINS.possible(low)
    closes = len(parts) > 1 and CLOSING.pattern.match(parts[-1])
    # "Indeed, 46 are left" says what was asked.
    if closes and (not asked or 2 * len(asked & content_words(parts[-1])) < len(asked)):
        return len(parts) - 1
    if not (checks or explains):
        return len(parts)
    for place in range(len(parts) - 1, max(0, len(parts) - 12), -1):
        part = parts[place]
        # At the beginning, a match costs less than looking for the words in every statement.
        if checks and CHECKING.pattern.match(part):
            return place
        if explains and EXPLAINS.pattern.match(part) and has_value(parts[place - 1]):
            return place
    return len(parts)


def _corrected_from(parts: list[str], low: str) -> int:
    """Return where the response apologises for what it said before, if it does so in its last part."""
    if not APOLOGY.possible(low):
        return len(parts)
    places = range(len(parts) - 1, max(0, len(parts) - 12), -1)
    return next((place for place in places if APOLOGY.search(parts[place], parts[place].lower())), len(parts))
