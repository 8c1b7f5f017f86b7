"""Read the token counts that servers report, which may be missing, negative, strings or absurdly large."""

from __future__ import annotations

from typing import Any

_MOST = 2**53
"""The largest count that is believed: more than any model uses, and still exact in databases and JSON readers."""


def token_counts(used: Any, made: Any) -> tuple[int, int] | None:
    """Return input and output tokens as given, or None (unknown) unless both are whole numbers from 0 to 2**53."""
    # bool is a subclass of int, and `true` is no count
    sound = (isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= _MOST for count in (used, made))
    return (used, made) if all(sound) else None
