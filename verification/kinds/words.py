"""Find an answer that is a word, "green" or "abbb", in the statement that gives it. Start at `find_word`."""

from __future__ import annotations

import re

from ..claims.statements import split_statements
from ..notation.asked import asked_words, content_words
from .options import is_rejected

# Words that give the word after them: "is", "you get", "it prints", "so".
_GIVES = re.compile(
    r"(?:\b(?:is|are|was|were|be|becomes?|called|named|gives?|gets?|makes?|yields?|prints?|outputs?|returns?|produces?|displays?|shows?"
    r"|so|thus|therefore|hence|means|equals?|say|choose|pick|it's|that's)\b|\b(?:es|est|ist|sind|son|sont|è|é|это|lautet|heißt)\b"
    r"|[是为為叫即は는은]|[:=→]|\s-)\s*,?\s*"
    r"(?:(?:an?|the|clearly|actually|really|in fact|just|string|word|colou?r|text|definitely|simply|indeed|of)\s+)*[\"'(*⟦]*$",
    re.I,
)
# "Emma was written by".
_DONE_BY = re.compile(
    r"(?<!who )(?<!which )\b(?:is|was|were) (?!inspired|influenced|followed|preceded)\w{3,}(?:ed|en|t) by (?:the )?$", re.I
)
# The word is all of a statement, or its subject: "It's green", "Green, because".
_ALONE = re.compile(r"\W*(?:(?:an?|the|it'?s|it is|so|therefore|yes)\W+)*", re.I)
_SUBJECT_ENDS = re.compile(r"\W*$|\W{0,3}(?:,|:|-|\.)\s|\W{0,3}\s(?:is|are|was|were|has|have|because|since|as)\b", re.I)
# "Green is close, but ...", "It is green and Red".
_TAKEN_BACK = re.compile(r"\b(?:but|however|wait|actually|pero|aber|mais|mas|ma|но)\b|但|\bor\b|^\W*(?-i:and [A-Z])", re.I)
# "It is often said to be", "many people think it is".
_SUPPOSED = re.compile(
    r"\b(?:said|thought|believed|assumed|considered) to be\b"
    r"|\b(?:people|many|most|some|you|one|they|others|readers|students)\b[^.;]{0,30}"
    r"\b(?:think|guess|believe|assume|say|expect|imagine)\b",
    re.I,
)
# "Wait, it is ...", "In truth it is ...": what stands before was no answer.
_CORRECTS = re.compile(r"\W*(?:wait|actually|no,|hmm|correction|oops|sorry|in (?:truth|fact|reality)|however|but)\b", re.I)
# "plants do not absorb".
_NEGATED = re.compile(r"\b(?:not|never|no)\b|n't\b", re.I)
# Where a clause begins: ", but".
_CLAUSE = re.compile(r"[,;:]|\bbut\b")
# "Red is brighter, but", "Although red is brighter,": the clause of another word.
_CONTRAST = re.compile(
    r"(?:(?:although|though|even though|while|whereas) [^,;]*,|.*[,;] (?:but|yet)|not (?:the )?\w+,? but)"
    r" (?:actually |in fact,? |really |rather )?(?:the |an? )?",
    re.I,
)
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
    first = [] if any(_CORRECTS.match(part) for part in parts[1:]) else parts[:1]
    for part in dict.fromkeys([*parts[-1:], *first]):
        for match in word.finditer(part):
            if _claims(part, match, given, asked_words(question)[1]) and not _opposite(part, question or ""):
                return part
    return None


def _claims(part: str, match: re.Match[str], given: bool, asked: frozenset[str]) -> bool:
    before, after = part[: match.start()], part[match.end() :]
    if part.endswith("?") or is_rejected(part, match.start(), match.end()):
        return False
    if _TAKEN_BACK.search(after) or _ALTERNATIVE.search(before) or _SUPPOSED.search(_CLAUSE.split(before)[-1]):
        return False
    if _ALONE.fullmatch(before) and _SUBJECT_ENDS.match(after):
        return True
    if _CONTRAST.fullmatch(before) and _SUBJECT_ENDS.match(after):
        # "Toronto is bigger, but Ottawa is the capital", not "Toronto is the capital, but Ottawa is bigger".
        return len(asked & content_words(after)) > len(asked & content_words(before))
    return not given and (bool(_GIVES.search(before)) or _ends_clause(before, after, asked))


def _ends_clause(before: str, after: str, asked: frozenset[str]) -> bool:
    """Return whether a word ends a clause that says what was asked: "plants absorb carbon dioxide.", "Emma was written by"."""
    clause = _CLAUSE.split(before)[-1]
    told = asked & content_words(clause)
    if told and _DONE_BY.search(clause):
        return True
    if not asked & content_words(" ".join(clause.split()[-1:])):
        return False
    return len(told) > 1 and 2 * len(told) >= len(asked) and not re.search(r"\w", after) and not _NEGATED.search(clause)


def _opposite(part: str, question: str) -> bool:
    found = _COMPARATIVE.search(part)
    return found is not None and found[1].lower() not in question.lower()
