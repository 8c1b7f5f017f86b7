"""Suggest a known name for a wrong one, in the same words in every error message."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ", did you mean 'X'?" for the known name that is most like a wrong one; empty if none is alike."""
    near = get_close_matches(name, list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""
