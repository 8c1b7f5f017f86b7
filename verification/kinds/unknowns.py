"""Collect the values of several unknowns that a reply finds one after the other: "x = 3. Then y = 2." Start at `values_of`."""

from __future__ import annotations

import re

# "(3, 2)" or "x = 3, y = 2".
_TUPLE = re.compile(r"\(\s*[^(),]+(?:,\s*[^(),]+){1,3}\)")
_ASSIGNED = re.compile(r"([a-z])\s*=\s*[^=,;]+")
_GIVEN = re.compile(r"(?<![\w\\'])([a-z])\s*=\s*(-?\d[\d./]*(?<![./])|-?\\frac\s*\{-?\d+\}\s*\{\d+\})(?![\w.]*\w|\s*[-+*/^=(])")
# Letters next to operators or numbers, "2x + y".
_UNKNOWN = re.compile(r"(?<![A-Za-z\\])\d*([a-z])(?=\s*(?:\^\s*\{?\d\}?\s*)?[-+=)]|\s*[,.$]|$)|[-+=(]\s*\d*([a-z])(?![A-Za-z])")


def values_of(text: str, wanted: str, question: str | None) -> str | None:
    """Return the last value of each unknown as "(3,2)"; None unless the reference has several and the reply gives each."""
    letters = _letters(wanted, question)
    if not letters:
        return None
    found = {letter: value for letter, value in _GIVEN.findall(text.replace("⟦", " ").replace("⟧", " ")) if letter in letters}
    return "(" + ",".join(found[letter] for letter in letters) + ")" if len(found) == len(letters) else None


def _letters(wanted: str, question: str | None) -> list[str]:
    if _TUPLE.fullmatch(wanted) and question and "=" in question:
        letters = sorted({one or other for one, other in _UNKNOWN.findall(question)} - {"a"})
        return letters if len(letters) == wanted.count(",") + 1 else []
    parts = [_ASSIGNED.fullmatch(part.strip()) for part in re.split(r",|;|\band\b", wanted)]
    return sorted({part[1] for part in parts if part}) if len(parts) > 1 and all(parts) else []
