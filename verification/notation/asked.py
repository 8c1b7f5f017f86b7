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
    sentence = _BEFORE_ASKED.sub("", asking[-1] if asking else parts[-1])
    return sentence, content_words(sentence)


def content_words(text: str) -> frozenset[str]:
    """Return the words that carry meaning, without a plural s. Single letters stay, because they may be variables."""
    words = set(_WORD.findall(text.lower())) - _STOP
    return frozenset(word.rstrip("s") for word in words if len(word) != 2)
