"""Find the option that a response names by its text instead of its letter. Start at `named_in`."""

from __future__ import annotations

import re

from ..claims.statements import split_statements
from .options import Options, is_rejected

# "A or B are tempting, but C": what follows "but" counts.
_BUT = re.compile(r".*\bbut\b|\W*(?:although|though|even though|while|whereas)\b[^,]*,", re.I | re.S)
# "followed by Canada", "larger than Canada, China or" what is named.
_THAN = re.compile(
    r"\b(?:followed by|ahead of|than|before|compared (?:to|with)|unlike)\s"
    r"(?:(?:the )?[A-Z]\w*(?:, | and | or |, and |, or ))*(?:the )?$"
)
# Canada "comes second", China "is smaller".
_BEHIND = re.compile(
    r"\s+(?:(?:comes?|came|ranks?|ranked|is|are|was|were|finishe[sd]|placed?|places)\s+(?:in |a |the |only |close |distant )*)?"
    r"(second|third|fourth|next|follows|followed|behind|after|smaller|shorter|lower|lighter|slower|younger|older|cheaper)\b",
    re.I,
)


def named_in(options: Options, text: str) -> tuple[str, str] | None:
    """Return the only option that the last statement names, or else the last but one, with the statement."""
    for part in reversed(split_statements(text)[-2:]):
        found = [letter for letter, option in options.texts if _names(part, option.strip(" ."), options.asked)]
        if len(found) == 1:
            return found[0], part
        if len(found) > 1 and (but := _BUT.search(part)) and (named := named_in(options, part[but.end() :])):
            return named[0], part
    return None


def _names(part: str, option: str, asked: str) -> bool:
    """Return whether a statement names an option and does not reject it."""
    place = _place_of(option, part) if len(option) > 2 or option.isdecimal() else -1
    if place < 0 or is_rejected(part, place, place + len(option)):
        return False
    # Only told after the one that was asked for: "Canada comes second", "larger than Canada".
    behind = _BEHIND.match(part[place + len(option) :])
    return not _THAN.search(part[:place]) and (behind is None or behind[1].lower() in asked)


def _place_of(option: str, part: str) -> int:
    if not option.isdecimal():
        return part.casefold().find(option.casefold())
    found = re.search(rf"(?<![\w.,/^]){option}(?![\w/^]|[.,]\d)", part)
    return found.start() if found else -1
