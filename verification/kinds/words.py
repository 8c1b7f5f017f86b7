"""Find an answer that is a word, "green" or "abbb", in the statement that gives it. Start at `find_word`."""

from __future__ import annotations

import re

from ..claims.statements import split_statements
from .options import is_rejected

# Words that give the word after them: "is", "you get", "it prints", "so".
_GIVES = re.compile(
    r"(?:\b(?:is|are|was|were|be|becomes?|called|named|gives?|gets?|makes?|yields?|prints?|outputs?|returns?|produces?|displays?|shows?"
    r"|so|thus|therefore|hence|means|equals?|say|choose|pick|it's|that's)\b|\b(?:es|est|ist|sind|son|sont|è|é|это|lautet|heißt)\b|[是为為叫即は는은]|[:=→]|\s-)\s*,?\s*"
    r"(?:(?:an?|the|clearly|just|string|word|colou?r|text|definitely|simply|indeed|of)\s+)*[\"'(*⟦]*$",
    re.I,
)
# The word is all of a statement, or its subject: "It's green", "Green, because".
_ALONE = re.compile(r"\W*(?:(?:an?|the|it'?s|it is|so|therefore|yes)\W+)*", re.I)
_SUBJECT_ENDS = re.compile(r"\W*$|\W{0,3}(?:,|:|-|\.)\s|\W{0,3}\s(?:is|are|was|were|has|have|because|since|as)\b", re.I)
# "Green is close, but ...".
_TAKEN_BACK = re.compile(r"\b(?:but|however|wait|actually)\b|\bor\b", re.I)
_ALTERNATIVE = re.compile(r"\b(?:or|either|and|if|than|with|from)\W+(?:an? |the )?$", re.I)
# "lighter than", which may be the opposite of what is asked.
_COMPARATIVE = re.compile(r"\b(\w+er|more \w+|less \w+) than\b", re.I)


def find_word(text: str, wanted: str, question: str | None) -> str | None:
    """Return the statement that gives a word as the answer; None if the last and the first do not.

    Args:
        text: a clean response.
        wanted: the word.
        question: if it has the word, only a statement with the word as its subject, or with nothing else, counts.
    """
    parts = split_statements(text)
    # Chinese and Japanese words are not set apart by spaces.
    word = re.compile(re.escape(wanted) if wanted[0] > "\u3000" else rf"(?<![\w-]){re.escape(wanted)}(?![\w-])", re.I)
    given = bool(word.search(question or ""))
    for part in dict.fromkeys([*parts[-1:], *parts[:1]]):
        for match in word.finditer(part):
            if _claims(part, match, given) and not _opposite(part, question or ""):
                return part
    return None


def _claims(part: str, match: re.Match[str], given: bool) -> bool:
    before, after = part[: match.start()], part[match.end() :]
    if part.endswith("?") or is_rejected(part, match.start(), match.end()):
        return False
    if _TAKEN_BACK.search(after) or _ALTERNATIVE.search(before):
        return False
    if _ALONE.fullmatch(before) and _SUBJECT_ENDS.match(after):
        return True
    return not given and bool(_GIVES.search(before))


def _opposite(part: str, question: str) -> bool:
    found = _COMPARATIVE.search(part)
    return found is not None and found[1].lower() not in question.lower()
