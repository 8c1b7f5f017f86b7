"""Show a flag as words, or as marks in the text of its step."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from ..foundation.visible import around_hidden
from ..nodes.flags import FLAG_KINDS
from ..nodes.state import Flag

MAX_MARKED = 20_000
"""Maximum characters of a step in which flags are marked; a longer step is shown without marks."""


def flag_words(flag: Flag) -> str:
    """Describe a flag: its kind in words, and what it found."""
    return f"{FLAG_KINDS.get(flag['kind'], flag['kind'])}: {flag['detail']}"


def mark_flags(step: str, flags: Sequence[Flag]) -> Markup:
    """Return a step as HTML with `<mark>` around what its flags found."""
    details = {part.strip() for flag in flags for part in str(flag["detail"]).split(", ") if part.strip()}
    if not details or len(step) > MAX_MARKED:
        return escape(step)
    # The longest detail comes first: the regex takes the first alternative that matches, and "12" would hide "12.5".
    wanted = "|".join(re.escape(detail) for detail in sorted(details, key=len, reverse=True))
    # Do not mark the 5 in 15 or 2.5.
    parts = re.split(rf"(?<![\d.,])({wanted})(?![\d])", step)
    # re.split with one group returns the matches at odd places.
    return Markup("").join(
        Markup("<mark>{}</mark>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def mark_hidden(step: str) -> Markup:
    """Return the text around a step's hidden characters as HTML, with the characters' code points in `<mark>`.

    Args:
        step: text of the step, which may contain characters that a browser does not show.
    """
    shown = [re.split("(‹U\\+[0-9A-F]+›)", part) for part in around_hidden(step)]
    return Markup(" … ").join(
        Markup("").join(
            Markup("<mark>{}</mark>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
        )
        for parts in shown
    )
