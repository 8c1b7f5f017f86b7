"""Find the sentence of a question that asks, and words that carry meaning. Start at `asked_words`."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W\d_]+")
# Words without a meaning of their own, and words that questions use to ask.
_STOP = frozenset(
    re.findall(
        r"\w+",
        "the a an of to in is are was were be been does do did how many much what which who when where that this these those"
        " it its he she they his her their for on at by with from and or as if has have had will would can could should each"
        " per than not no all there find value following express your answer given into let suppose you we us i",
    )
)

# What is told before it is asked: "If there are 25 kg in a sack, how many ...?"
_BEFORE_ASKED = re.compile(r"^.*,\s(?:then\s)?(?=how\b|what\b)", re.I | re.S)
# What the asked quantity is only compared with: "How much did she save compared to the store?"
_COMPARED = re.compile(r",? (?:when |as |if )?compared (?:to|with)\b[^?,;]*", re.I)
_FORMS = (
    "buy bought; sell sold; giv gave given; mak made; run ran running; eat ate eaten; spend spent; driv drove driven; get got;"
    " los lost; win won; tak took taken; pay paid; drink drank; writ wrote written; hold held; keep kept; sleep slept;"
    " send sent; grow grew grown; weigh weight; catch caught; rid rode ridden; build built"
)
_PAST = {form: forms.split()[0] for forms in _FORMS.split(";") for form in forms.split()[1:]}
"""Other forms of a verb, without a plural s, and its stem."""
_IRREGULAR = frozenset(_PAST.values())


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
    sentence = _COMPARED.sub("", _BEFORE_ASKED.sub("", asking[-1] if asking else parts[-1]))
    return sentence, content_words(sentence)


def content_words(text: str) -> frozenset[str]:
    """Return the stems of the words that carry meaning. Single letters stay, because they may be variables."""
    words = set(_WORD.findall(text.lower())) - _STOP
    return frozenset(_stem(word) for word in words if len(word) != 2)


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    """Return a word without its ending: "sav" for "saves", "saved" and "saving", "sell" for "sold"."""
    word = word.rstrip("s")
    if word in _PAST:
        return _PAST[word]
    for ending in ("ing", "ed", "e"):
        if word.endswith(ending) and len(word) >= len(ending) + 3:
            found = word[: -len(ending)]
            return found[:-1] if ending != "e" and found[-1] == found[-2] not in "els" and len(found) > 3 else found
    return word


def is_irregular(stem: str) -> bool:
    """Return whether a stem is that of a verb whose other forms may not begin with it: "sell"."""
    return stem in _IRREGULAR
