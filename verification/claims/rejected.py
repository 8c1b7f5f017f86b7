"""Recognise values that a statement rejects: "not 9 but 8", "60 is not correct", "isn't $100"."""

from __future__ import annotations

import re

from .candidates import Candidate

# "not 9", "rather than 9", "more than 9".
_BEFORE = re.compile(
    r"(?:\b(?:not|never)|n't(?: be)?|\brather than|\binstead of)\s+(?:(?:just|only|exactly|simply|equal to|the"
    r"|an?)\s+)*[⟦(]?\s*[$€£]?\s*$"
    r"|(?<!\bno )(?<!\bnot )\b(?:more|less|fewer|greater) than\s+[⟦(]?\s*[$€£]?\s*$",
    re.I,
)
_DENIALS = ("not", "never", "n't", "than", "instead")
_WRONG = (
    r"(?:(?:not|n't)\s+(?:the\s+|a\s+|an\s+)?(?:correct|right|answer|solution|possible|valid|acceptable|final)|incorrect|wrong|invalid"
    r"|extraneous|rejected|discarded|too (?:high|low|big|small|large|much|many))"
)
# "9 is wrong", "9, but that is too high".
_AFTER = re.compile(
    rf"^[⟧)]?\s*(?:[a-z]+\s){{0,2}}?(?:(?:is|was|are|would be|isn't)(?:\s+(?:clearly|therefore|obviously))?\s+{_WRONG}"
    rf"|,? but (?:that|this|it)(?:'s| is| was| would be| isn't)?\s+(?:clearly )?{_WRONG}|\s*\((?:wrong"
    rf"|incorrect|not (?!\W*(?:\d|⟦))|rejected|extraneous))",
    re.I,
)


def is_rejected(candidate: Candidate, text: str) -> bool:
    """Return whether the text around a candidate rejects it."""
    before, after = (
        text[max(0, candidate.start - 60) : candidate.start].lower(),
        text[candidate.start + len(candidate.text) :][:80],
    )
    denied = any(word in before for word in _DENIALS) and _BEFORE.search(before)
    return bool(denied or _AFTER.match(after.lstrip("⟧ ")))
