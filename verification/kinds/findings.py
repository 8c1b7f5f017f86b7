"""Read answers that are not a value: no solution, undefined, infinitely many, cannot be determined."""

from __future__ import annotations

import re

from ..claims.statements import split_statements

# For example "has no real solutions", "is undefined", "true for all x", "not enough information".
_CLASSES = {
    "no solution": r"(?:no|not any|without) (?:real |valid |possible |integer )*(?:solutions?|roots?|answers?)\b(?! set)"
    r"|\bhas none\b|\bthere (?:is|are) none\b|"
    r"\bno (?:real |positive )?(?:values?|numbers?|integers?)(?: of)?(?: [a-z])? (?:with|such that|whose|for which)\b[^.]*"
    r"|\bno (?:real )?(?:values?|numbers?|x)\b[^.]{0,40}\b(?:works?|satisf\w+|possible|exists?)\b"
    r"|\\emptyset|\\varnothing|∅|\bempty set\b|\bno such\b",
    "undefined": r"\bundefined\b|\bnot defined\b|\bdoes not exist\b|\bdoesn't exist\b|\bDNE\b",
    "infinitely many": r"\binfinite(?:ly many)?\b|\binfinite number\b|\ball real numbers\b"
    r"|\b(?:every|any) (?:real )?(?:number|value)\b[^.]{0,40}\b(?:solution|works?|satisf\w+)\b|\btrue for (?:all|every|any)\b",
    "cannot be determined": r"\b(?:cannot|can't|can not) be (?:determined|found|answered|known)\b|\bimpossible to (?:determine"
    r"|tell"
    r"|know)\b"
    r"|\bnot enough information\b|\binsufficient information\b",
}
_PATTERNS = {name: re.compile(pattern, re.I) for name, pattern in _CLASSES.items()}
# "no solution", "undefined", "infinitely many solutions", "none".
_REFERENCE = re.compile(
    r"(?:there (?:is|are) )?(?:no (?:real )?solutions?|undefined|not defined|does not exist|dne"
    r"|infinitely many(?: solutions)?|infinite(?:ly)?"
    r"|cannot be determined|not enough information|none|\\emptyset|\\varnothing|∅|impossible)",
    re.I,
)


def read_finding(reference: str) -> str | None:
    """Return the class of a reference that is not a value; None for any other reference."""
    if not _REFERENCE.fullmatch(reference.strip(" .")):
        return None
    low = reference.lower()
    if low.startswith(("none", "impossible")):
        return "no solution" if low.startswith("none") else "cannot be determined"
    return next(
        (name for name, pattern in _PATTERNS.items() if pattern.search(reference)), "undefined" if "not" in low else None
    )


def find_finding(text: str) -> tuple[str, str] | None:
    """Return the class that one of the last two statements names, with the statement; None if an explicit value follows."""
    for part in reversed(split_statements(text)[-2:]):
        for name, pattern in _PATTERNS.items():
            # "undefined if x = 2", "no solution unless ..." are conditions, not answers.
            if (found := pattern.search(part)) and not re.search(r"\bif\b|\bunless\b|\d", part[found.end() :]):
                return name, part
        if re.search(r"\\boxed|answer\W|=\s*-?\d", part, re.I):
            return None
    return None
