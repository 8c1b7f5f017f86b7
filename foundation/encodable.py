"""Text that has an encoding. A lone surrogate, legal in JSON and in Python, has none: no file, database or server takes it."""

from __future__ import annotations

from typing import Any


def encodable(text: str) -> str:
    """Return the text with U+FFFD for each lone surrogate; two halves that stand together become their character."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def encodable_values(value: Any) -> Any:
    """Return a value with every text in it encodable, in lists, tuples and dicts, too."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {encodable_values(key): encodable_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(encodable_values(item) for item in value)
    return value
