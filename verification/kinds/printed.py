"""Read what a reply says that a program prints or returns, and objects with several keys. Start at `shown_as`."""

from __future__ import annotations

import re

from ..notation.objects import last_object

_ASKS_OUTPUT = re.compile(r"\b(?:print(?:s|ed)?|outputs?|returns?|displays?|evaluates? to|result of)\b", re.I)
# "```\n3 1\n```", "`3 1`".
_SHOWN = re.compile(r"```[\w-]*\n(?P<block>.*?)```|`(?P<inline>[^`\n]+)`", re.S)
_DENIED = re.compile(r"\b(?:not|never|instead of|rather than)\W*$", re.I)
# Something else may follow: "`5`. Wait, ...".
_GOES_ON = re.compile(r"\d|\b(?:but|wait|actually|however|not|no)\b", re.I)
_AROUND = "\"' \n"


def shown_as(response: str, wanted: str, question: str | None) -> str | None:
    """Return the reference if it is the last code that a response shows, where a question asks what a program prints.

    Args:
        response: the raw response, with its backticks.
        wanted: the reference.
        question: the problem.
    """
    if "`" not in response or not _ASKS_OUTPUT.search(question or ""):
        return None
    text = response[-8000:]
    shown = list(_SHOWN.finditer(text))
    if (
        not shown
        or _DENIED.search(text[max(0, shown[-1].start() - 20) : shown[-1].start()])
        or _GOES_ON.search(text, shown[-1].end())
    ):
        return None
    return wanted if _plain(shown[-1]["block"] or shown[-1]["inline"] or "") == _plain(wanted) else None


def same_object(text: str, wanted: str) -> str | None:
    """Return the object that a reply gives, as the reference writes it if they are equal; None unless both are objects."""
    right, given = last_object(wanted), last_object(text)
    if right is None or given is None or len(right) < 2:
        return None
    return wanted if _entries(right) == _entries(given) else str(given)


def _entries(found: dict[object, object]) -> dict[str, str]:
    return {str(key).casefold(): str(value).strip().casefold() for key, value in found.items()}


def _plain(text: str) -> str:
    return " ".join(text.split()).strip(_AROUND)
