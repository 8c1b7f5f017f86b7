"""Words that several messages share: the nearest known name, a number with its noun."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'X'?)" for the known name that is most like a wrong one; empty if none is alike."""
    near = get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def counted(number: int, thing: str) -> str:
    """Return a number with its noun, such as "1 problem" or "1,319 problems"."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
