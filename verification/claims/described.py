"""Find several values as one claim: all solutions, a list of numbers, a set that is described in words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .candidates import Asked, Candidate, asks
from .signs import HOW_MANY

ALL_SOLUTIONS = 4.0
"""Score of a list of all solutions, "x = 2 or x = -3": it outranks each of its numbers."""
SUPPOSED = 0.0
"""Score of values that are only supposed, "where x = 2 and y = 3": anything else is likelier."""

# "2", "x = -1/2", "\frac{1}{2}".
_VALUE = r"⟦?\s*(?:[a-z]\s*=\s*)?(-?(?:\\frac\s*\{[^{}]{1,9}\}\s*\{[^{}]{1,9}\}|\d{1,9}(?:/\d{1,9}|\.\d{1,9})?))\s*⟧?"
# "all real numbers except 2".
_EXCEPT = re.compile(
    r"\b(?:all|any) real (?:numbers|values)(?: (?:of )?⟦?[a-z]⟧?)?,?\s+"
    rf"(?:except|excluding|other than|besides|but)(?: for| when| where)?\s+{_VALUE}",
    re.I,
)
# "all real numbers greater than or equal to 3".
_BOUND = re.compile(rf"\b(?:all|any) real numbers\s+(greater|less|larger|smaller) than\s+(or equal to\s+)?{_VALUE}", re.I)
# "The domain is all real numbers."
_ALL = re.compile(r"\b(?:is|are|be) (?:the set of )?all real numbers(?=\s*(?:[.,;]|$))", re.I)
# "What is the domain of f?", "For what values of x ...?"
_ASKS_SET = re.compile(r"\b(?:domain|range|interval|values|for what|for which|solution set)\b", re.I)

# The same letter with several values: "x = 2 or x = -3".
_SOLUTIONS = re.compile(r"\b([a-z])(?:_\d)?\s*=\s*-?[\d./]+(?:(?:,|,?\s*(?:or|and))\s*\1(?:_\d)?\s*=\s*-?[\d./]+)+")
# Several letters with a value each: "x = 2 and y = 3".
_ASSIGNED = re.compile(r"\b[a-z]\s*=\s*-?[\d./]*\d(?:(?:[,;]|,?\s+and)\s*[a-z]\s*=\s*-?[\d./]*\d){1,4}(?!\s*[-+*/^\w(])")
# What introduces values that are only supposed: "since x = 2", "(x = 2".
_SUPPOSED = re.compile(r"(?:\b(?:since|because|when|where|if|with|for|at|given|as)\s*|\([^()]*)[⟦]?$", re.I)
_VALUES = r"(?P<values>-?\d[\d./]{0,9}(?:,\s*-?\d[\d./]{0,9}){0,30},?\s+and\s+-?\d[\d./]{0,9}(?<!\.))"
# "The roots are 2 and 3".
_ALL_NAMED = re.compile(
    r"\b(?:roots|solutions|zeros|zeroes|intercepts|possible values)\b[^.\d=:]{0,40}?\bare\s+" + _VALUES,
    re.I,
)
# The same where several numbers are asked for: "the primes are 2, 3 and 5".
_LISTED = re.compile(
    r"(?:\b(?:are|is)|:):?\s+(?P<values>-?\d[\d./]{0,9}(?:(?:,|,?\s+and|,\s+or)\s+-?\d[\d./]{0,9}){1,30}(?<!\.))(?!\s*[-+*/=%^])",
    re.I,
)
_ASKS_LIST = re.compile(
    r"^(?:list|name|find|give|write|identify)\s(?:all|every|the|out)\b.*?[a-z]{3}s\b|\bwh(?:at|ich)\b[^.?]*\bare\b[^.?]*[a-z]s\b"
    r"|\bwhich (?:\w+ )?(?:numbers|integers|primes|values)\b",
    re.I,
)
# Questions that ask for several values at once.
_WANTS_ALL = re.compile(
    r"\bsolv|\bsolution|\bsystem|\bordered pair|\bpoint|\bintersect|\bvalues? of [a-z]\b.*\band\b"
    r"|\bfind [a-z],? (?:and )?[a-z]\b|\b[a-z] and [a-z]\b"
    r"|\bvertex|\bcoordinates|\bvector",
    re.I,
)
# "x < -1 or x > 3".
_EITHER_SIDE = re.compile(
    r"\b(?P<letter>[a-z])\s*(?:<|>|\\le|\\ge)\s*-?[\d./]*\d\s+or\s+(?P=letter)\s*(?:<|>|\\le|\\ge)\s*-?[\d./]*\d"
)


def described_sets(text: str, asked: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the sets that a text describes, each as an interval with its place; nothing unless the question asks for a set."""
    if "real" not in text or not _ASKS_SET.search(asked):
        return
    for match in _EXCEPT.finditer(text):
        yield f"(-\\infty,{match[1]})\\cup({match[1]},\\infty)", match.span()
    for match in _BOUND.finditer(text):
        closed, value = bool(match[2]), match[3]
        if match[1].lower() in ("greater", "larger"):
            yield f"{'[' if closed else '('}{value},\\infty)", match.span()
        else:
            yield f"(-\\infty,{value}{']' if closed else ')'}", match.span()
    for match in _ALL.finditer(text):
        yield "(-\\infty,\\infty)", match.span()


def solutions(outside: str, asked: Asked) -> Iterator[tuple[Candidate, tuple[int, int]]]:
    """Return the values that are given as all solutions, or as the numbers of a list that is asked for, with their places."""
    if not any(mark in outside for mark in ("=", " are", " or ")):
        return
    for match in _EITHER_SIDE.finditer(outside):
        yield Candidate(match[0], ALL_SOLUTIONS, match.start()), match.span()
    for match in _SOLUTIONS.finditer(outside):
        values = ", ".join(re.findall(r"=\s*(-?[\d./]+(?<!\.))", match[0]))
        # "How many solutions?" asks for their number, not for the solutions.
        yield Candidate(values, 0.0 if HOW_MANY.search(asked.sentence) else ALL_SOLUTIONS, match.start()), match.span()
    for match in _ASSIGNED.finditer(outside):
        if len(set(re.findall(r"([a-z])\s*=", match[0]))) > 1:
            wanted = not asked.sentence or _WANTS_ALL.search(asked.sentence)
            points = SUPPOSED if _SUPPOSED.search(outside[: match.start()]) else ALL_SOLUTIONS if wanted else 0.5
            yield Candidate(match[0], points, match.start()), match.span()
    for match in (_LISTED if asks(_ASKS_LIST, asked.sentence) else _ALL_NAMED).finditer(outside):
        values = ", ".join(re.findall(r"-?\d[\d./]*", match["values"]))
        yield Candidate(values, ALL_SOLUTIONS, match.start("values")), match.span("values")
