"""Find several values as one claim: all solutions, a list of numbers, a set that is described in words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..notation.question import Asked, asks
from .candidates import Candidate
from .signs import HOW_MANY

ALL_SOLUTIONS = 4.0
"""Score of a list of all solutions, "x = 2 or x = -3": it outranks each of its numbers."""
SUPPOSED = 0.0
"""Score of values that are only supposed, "where x = 2 and y = 3": anything else is likelier."""

# "2", "x = -1/2", "\frac{1}{2}".
_VALUE = r"⟦?\s*(?:[a-z]\s*=\s*)?(-?(?:\\frac\s*\{[^{}]{1,9}\}\s*\{[^{}]{1,9}\}|\d{1,9}(?:/\d{1,9}|\.\d{1,9})?))\s*⟧?"
# "all real numbers except 2".
_EXCEPT = re.compile(
    r"\b(?:all|any) real (?:(?:numbers|values)(?: (?:of )?⟦?[a-z]⟧?)?|⟦?[a-z]⟧?),?\s+"
    rf"(?:except|excluding|other than|besides|but)(?: for| when| where)?\s+{_VALUE}",
    re.I,
)
# "all real numbers greater than or equal to 3", "all numbers less than 3".
_BOUND = re.compile(rf"\b(?:all|any) (?:real )?numbers\s+(greater|less|larger|smaller) than\s+(or equal to\s+)?{_VALUE}", re.I)
# "The domain is all real numbers."
_ALL = re.compile(r"\b(?:is|are|be) (?:the set of )?all real numbers(?=\s*(?:[.,;]|$))", re.I)
# "What is the domain of f?", "For what values of x ...?", "Solve 2x > 6".
_ASKS_SET = re.compile(r"\b(?:domain|range|interval|values|for what|for which|solution set)\b|[<>≤≥]|\\[lg]eq?\b", re.I)

# "2", "1/2", "3\sqrt{2}", "\frac{1}{2}".
_UNSIGNED = (
    r"(?:\\frac\s*\{[^{}]{1,9}\}\s*\{[^{}]{1,9}\}|\d{0,9}\\sqrt\{[^{}]{1,9}\}(?:/\d{1,9})?|\d[\d./]{0,9}(?<!\.))"
    r"(?!\.?\d|\s?[*/^(])"
)
_ONE = rf"(?:-\s?)?{_UNSIGNED}"
_VALUES = rf"(?P<values>{_ONE}(?:,\s*{_ONE}){{0,30}},?\s+and\s+{_ONE})"
_EITHER_OF = rf"(?P<values>{_ONE}(?:,\s*{_ONE}){{0,30}}(?:,?\s+(?:or|and)\s+|,\s*){_ONE})"
# The same letter with several values: "x = 2 or x = -3".
_SOLUTIONS = re.compile(
    rf"\b(?P<letter>[a-z])(?:_\d)?\s*=\s*(?P<values>{_ONE}(?:(?:,|,?\s*(?:or|and))\s*(?P=letter)(?:_\d)?\s*=\s*{_ONE})+)"
)
# One letter with several values: "x = 2 or 3", "x is 2 or 3".
_ONE_OF = re.compile(
    rf"(?<![\w\\'])[a-z]\s*(?:=|\bis|\bequals)\s*(?:either\s|both\s)?{_EITHER_OF}(?=\W*$|\.\s|,\s[a-z]{{2}}|;)"
)
# Nothing but values: "2 and 3".
_BARE = re.compile(rf"(?:\W*\s)?{_EITHER_OF}\W*")
# Several values, of which one is chosen: "x = 2 or x = 3, but x > 2, so" x = 3.
_DECIDED = re.compile(rf"[,;]\s[^=]*\b(?P<letter>[a-z])\s*=\s*{_ONE}(?:\s(?:is|works)\b[^=.]*)?\W*$")
# "1 + \sqrt{2} and 1 - \sqrt{2}", "(1 + \sqrt{5})/2 or (1 - \sqrt{5})/2".
_CONJUGATES = re.compile(
    r"(?P<open>\(?)(?P<a>-?\d[\d./]{0,9})\s?(?P<sign>[-+])\s?(?P<b>(?:\d{0,9}\\sqrt\{[^{}]{1,9}\}|\d{0,9}i)(?:/\d{1,9})?)(?P<tail>(?:\)/\d{1,9})?)"
    r"(?:,|,?\s+(?:and|or))\s+(?:[a-z](?:_\d)?\s*=\s*)?(?P=open)(?P=a)\s?[-+]\s?(?P=b)(?P=tail)"
)
# The second is the negative of the first: "\sqrt{2} and -\sqrt{2}".
_OPPOSITES = re.compile(rf"(?<![\w.\\}}])(?P<values>(?P<one>{_UNSIGNED}) (?:and|or) -\s?(?P=one))(?!\.?\w|\s?[-+*/^({{])")
# Several letters with a value each: "x = 2 and y = 3".
_ASSIGNED = re.compile(r"\b[a-z]\s*=\s*-?[\d./]*\d(?:(?:[,;]|,?\s+and)\s*[a-z]\s*=\s*-?[\d./]*\d){1,4}(?!\s*[-+*/^\w(])")
# What introduces values that are only supposed: "since x = 2", "(x = 2".
SUPPOSES = re.compile(r"(?:\b(?:since|because|when|where|if|with|for|at|given|as)\s*|\([^()]*)[⟦]?$", re.I)
# "The roots are 2 and 3", "giving the solutions 2 and 3".
_ALL_NAMED = re.compile(
    r"\b(?:roots|solutions|zeros|zeroes|intercepts|possible values)\b(?:[^.\d=:]{0,40}?\bare)?\s+" + _VALUES,
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
    r"\b(?P<letter>[a-z])\s*(?:<|>|\\le|\\ge)\s*-?[\d./]*\d\s+(?:or|and)\s+(?P=letter)\s*(?:<|>|\\le|\\ge)\s*-?[\d./]*\d"
)


def described_sets(text: str, asked: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the sets that a text describes, each as an interval with its place; nothing unless the question asks for a set."""
    if not ("real" in text or " numbers " in text) or not asks(_ASKS_SET, asked):
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
    if "=" in outside or " or " in outside or "<" in outside:
        yield from _inequalities_and_letters(outside, asked)
    joined = " and " in outside or " or " in outside or ", " in outside
    for match in _lists(outside, asked) if joined else ():
        # "How many solutions?" asks for their number, not for the solutions.
        points = 0.0 if asks(HOW_MANY, asked.sentence) else ALL_SOLUTIONS
        decided = _DECIDED.search(outside, match.end())
        if decided and decided["letter"] in match[0]:
            points = SUPPOSED
        yield Candidate(_listed(match["values"]), points, match.start()), match.span()
    if joined and "+" in outside:
        for match in _CONJUGATES.finditer(outside):
            text = f"{match['open']}{match['a']} \\pm {match['b']}{match['tail']}"
            yield Candidate(text, ALL_SOLUTIONS, match.start()), match.span()
    if joined and (" are" in outside or " roots " in outside or " solutions " in outside or asks(_ASKS_LIST, asked.sentence)):
        patterns = (_LISTED, _ALL_NAMED) if asks(_ASKS_LIST, asked.sentence) else (_ALL_NAMED,)
        for match in (match for pattern in patterns for match in pattern.finditer(outside)):
            yield Candidate(_listed(match["values"]), ALL_SOLUTIONS, match.start("values")), match.span("values")


def _inequalities_and_letters(outside: str, asked: Asked) -> Iterator[tuple[Candidate, tuple[int, int]]]:
    """Yield "x < -1 or x > 3", and values of several letters."""
    for match in _EITHER_SIDE.finditer(outside):
        yield Candidate(match[0], ALL_SOLUTIONS, match.start()), match.span()
    for match in _ASSIGNED.finditer(outside):
        if len(set(re.findall(r"([a-z])\s*=", match[0]))) > 1:
            wanted = not asked.sentence or asks(_WANTS_ALL, asked.sentence)
            points = SUPPOSED if SUPPOSES.search(outside[: match.start()]) else ALL_SOLUTIONS if wanted else 0.5
            yield Candidate(match[0], points, match.start()), match.span()


def _lists(outside: str, asked: Asked) -> Iterator[re.Match[str]]:
    """Yield several values of one letter, a value with its negative, and values that stand alone."""
    if "=" in outside:
        yield from _SOLUTIONS.finditer(outside)
    if "=" in outside or " is " in outside or " equals " in outside:
        yield from _ONE_OF.finditer(outside)
    if " -" in outside:
        yield from _OPPOSITES.finditer(outside)
    if (asks(_WANTS_ALL, asked.sentence) or asks(_ASKS_LIST, asked.sentence)) and (bare := _BARE.fullmatch(outside)):
        yield bare


def _listed(values: str) -> str:
    return ", ".join(re.findall(_ONE, values))
