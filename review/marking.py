"""Show flags: in words, and as marks in the text of a step."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from ..foundation.visible import around_hidden
from ..nodes.flags import FLAG_KINDS
from ..nodes.state import Flag

MAX_MARKED = 20_000
"""Characters of a step in which flags are marked."""


def flag_words(flag: Flag) -> str:
    """Return what a flag means, with what it found."""
    return f"{FLAG_KINDS.get(flag['kind'], flag['kind'])}: {flag['detail']}"


def mark_flags(step: str, flags: Sequence[Flag]) -> Markup:
    """Return a step as HTML with `<mark>` around what its flags found."""
    details = {part.strip() for flag in flags for part in str(flag["detail"]).split(", ") if part.strip()}
    if not details or len(step) > MAX_MARKED:
        return escape(step)
    wanted = "|".join(re.escape(detail) for detail in sorted(details, key=len, reverse=True))
    parts = re.split(rf"(?<![\d.,])({wanted})(?![\d])", step)
    return Markup("").join(
        Markup("<mark>{}</mark>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def mark_hidden(step: str) -> Markup:
    """Return what stands around a step's hidden characters as HTML, their names in `<mark>`."""
    shown = [re.split("(‹U\\+[0-9A-F]+›)", part) for part in around_hidden(step)]
    return Markup(" … ").join(
        Markup("").join(
            Markup("<mark>{}</mark>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
        )
        for parts in shown
    )
