"""Read answers in machine-readable form: a JSON object with a key such as "answer", or <answer> tags."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

MAX_OBJECT = 8000  # characters, from the end
ANSWER_KEYS = (
    "final_answer",
    "finalanswer",
    "answer",
    "correct_answer",
    "final_result",
    "result",
    "solution",
    "choice",
    "value",
    "output",
    "prediction",
    "response",
)
"""The most telling first. Other keys, such as "confidence" or "steps", claim nothing."""
# "<answer>12</answer>".
_TAGS = re.compile(
    r"<(?P<tag>(?:final_?)?answer|result|solution)>(?!.*<(?:final_?)?answer>)\s*(?P<claim>.*?)\s*</(?P=tag)>", re.I | re.S
)
# One entry of an object that is not valid JSON: "answer": 12.
_ENTRY = re.compile(
    r"""["'](?P<key>[A-Za-z _-]{1,30})["']\s*:\s*"""
    r"""(?:"(?P<text>[^"\n]{0,400})"|'(?P<quoted>[^'\n]{0,400})'|(?P<plain>[-\w.+/]+))"""
)


def stated_answer(text: str, asked: frozenset[str] = frozenset()) -> str | None:
    """Return the answer in the last tag or object of a text; "" for an object without an answer, None if there is neither.

    Without a key such as "answer", an object claims the value of the one key that has a word of `asked`, the words asked for.
    """
    tags = list(_TAGS.finditer(text[-MAX_OBJECT:])) if "<" in text else []
    if tags:
        return tags[-1]["claim"]
    end = text.rfind("}")
    if end < 0 or ('"' not in text and "'" not in text):
        return None
    return _object_answer(text[: end + 1], text[end + 1 :], asked)


def last_object(text: str) -> dict[Any, Any] | None:
    """Return the object at the end of a text, None if there is none."""
    part = text[-MAX_OBJECT:]
    for start in [match.start() for match in re.finditer(r"\{\s*[\"']", part)][:20]:
        if isinstance(found := _loaded(part[start : part.rfind("}") + 1]), dict):
            return found
    return None


def only_value(text: str) -> str | None:
    """Return the value of an object with one entry, {"total": 30}; None for any other text."""
    found = _loaded(text)
    return _written(next(iter(found.values())), found) if isinstance(found, dict) and len(found) == 1 else None


def _object_answer(text: str, after: str, asked: frozenset[str]) -> str | None:
    # Prose after the object: the answer is in the prose.
    if re.search(r"\w", re.sub(r"```\w*", "", after)):
        return None
    starts = [match.start() for match in re.finditer(r"\{\s*[\"']", text[-MAX_OBJECT:])][:20]
    offset = max(0, len(text) - MAX_OBJECT)
    for start in starts:
        found = _loaded(text[offset + start :])
        if isinstance(found, dict):
            return _claimed(found, asked)
    entries = {
        match["key"]: match["text"] or match["quoted"] or match["plain"] for match in _ENTRY.finditer(text[-MAX_OBJECT:])
    }
    return _claimed(entries, asked) if starts and entries else None


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    # Python's notation, with single quotes; deep nesting could crash the parser.
    try:
        return ast.literal_eval(text) if text.count("{") + text.count("[") < 30 else None
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _claimed(entries: dict[Any, Any], asked: frozenset[str] = frozenset()) -> str:
    keys = {re.sub(r"[\s-]+", "_", str(key).lower()): key for key in entries}
    for name in ANSWER_KEYS:
        if name in keys:
            return _written(entries[keys[name]], entries)
    named = [
        key
        for name, key in keys.items()
        if any(part.startswith(word) for part in name.split("_") for word in asked if len(word) > 2)
    ]
    return _written(entries[named[0]], entries) if len(named) == 1 and not isinstance(entries[named[0]], dict | list) else ""


def _written(value: Any, around: dict[Any, Any]) -> str:
    if isinstance(value, dict):
        return _claimed(value)
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value[:20])
    if value is None:
        return ""
    unit = around.get("unit") or around.get("units")
    text = str(value).strip()
    return f"{text} {unit}" if isinstance(unit, str) and re.fullmatch(r"-?[\d.,/]+", text) else text
