"""Make any text encodable. JSON and Python allow lone surrogates, but no file, database or server accepts them."""

from __future__ import annotations

from typing import Any


def encodable(text: str) -> str:
    """Return the text with U+FFFD for each lone surrogate; two halves that stand together become their character."""
    # UTF-16, because it joins the two halves of a pair; UTF-8 would keep them apart and refuse both
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def encodable_values(value: Any) -> Any:
    """Return a value with every text in it made encodable, also inside lists, tuples and dicts."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {encodable_values(key): encodable_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(encodable_values(item) for item in value)
    return value
