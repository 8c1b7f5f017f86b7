"""Token counts as servers report them: anything may stand there."""

from __future__ import annotations

from typing import Any

_MOST = 2**53
"""More than any number of tokens, and within what databases and JSON readers keep exactly."""


def token_counts(used: Any, made: Any) -> tuple[int, int] | None:
    """Return input and output tokens; None, unknown, unless both are whole numbers from 0."""
    sound = (isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= _MOST for count in (used, made))
    return (used, made) if all(sound) else None
