"""Convert algebra in words to signs: "x squared minus 1", "5 times the square root of 2", "x is greater than 3"."""

from __future__ import annotations

import re

# Quick tests, in lower case: without one of these nothing is converted.
SIGNALS = (" square", " cube", " than ", "at least", "at most", " between ")
# "5 times the square root of 2", "2 plus the square root of 3"; alone, "the square root of 16" is a question.
_ROOT = re.compile(
    r"(?:(?<=\d)(?P<times> times)?|(?<=plus)|(?<=minus)|(?<=negative)|(?P<sign>\\pm)) ?(?:the |a )?"
    r"(?P<degree>square|cube) root of ⟦?(?P<inside>\d{1,9}|[a-z]\b)⟧?",
    re.I,
)
# "x squared".
_POWER = re.compile(r"(?<![\w\\'])(\d{0,6}[b-hj-z])⟧? (squared|cubed)\b")
# Sums of terms of which one has a letter: "x^2 minus 1".
_TERM = r"(?:\d{0,9}[b-hj-z](?:\^\d)?|\d{1,9}\\sqrt(?:\[3\])?\{\w+\}|\d{1,9})"
_SUM = re.compile(rf"(?<![\w\\'.]){_TERM}(?: (?:plus|minus|times) {_TERM})+(?![\w.]*\w)")
# A quick test for the two patterns below.
_LETTER_IS = re.compile(
    r"(?:is|be|lies?)(?: strictly)? (?:strictly |any )?(?:between|greater|larger|less|smaller|more|at (?:least|most)) "
)
# "x lies between -2 and 8", "x is between 2 and 8, inclusive".
_BETWEEN = re.compile(
    r"(?<![\w\\'])(?P<letter>[b-hj-z])(?P<close>⟧?) (?:is|lies|must be|must lie)(?: (?P<strict>strictly))?"
    r" between ⟦?(?P<low>-?\d[\d./]*)⟧? and"
    r" ⟦?(?P<high>-?\d[\d./]*(?<![./]))⟧?(?P<both>,? \(?inclusive\)?)?"
)
_SIGNS = {" plus ": " + ", " minus ": " - ", " times ": "*"}
# "x is greater than or equal to 3", "y must be at least 3".
_COMPARED = re.compile(
    r"(?<![\w\\'])(?P<letter>[b-hj-z])⟧? (?:is|must be|has to be|can be) (?:(?:strictly |any number )?(?P<way>greater|larger"
    r"|less"
    r"|smaller|more) than (?P<equal>or equal to )?|at (?P<end>least|most) )⟦?(?=-?\d)"
)


def algebra_in_words(text: str) -> str:
    """Return a text with its spoken algebra as signs."""
    if " root of" in text:
        text = _ROOT.sub(_root, text)
    if " squared" in text or " cubed" in text:
        text = _POWER.sub(lambda match: match[1] + ("^2" if match[2] == "squared" else "^3"), text)
    if " plus " in text or " minus " in text or " times " in text:
        text = _SUM.sub(_sum, text)
    if _LETTER_IS.search(text):
        text = _BETWEEN.sub(_chain, _COMPARED.sub(_comparison, text))
    return text


def _chain(match: re.Match[str]) -> str:
    sign = "\\le" if match["both"] else "<"
    return f"{match['low']} {sign} {match['letter']} {sign} {match['high']}{match['close']}"


def _root(match: re.Match[str]) -> str:
    degree = "" if match["degree"].lower() == "square" else "[3]"
    return f"{match['sign'] or ''}\\sqrt{degree}{{{match['inside']}}}"


def _sum(match: re.Match[str]) -> str:
    found = match[0]
    if not re.search(r"[a-z^\\]", re.sub(r"plus|minus|times", "", found)):
        return found
    for word, sign in _SIGNS.items():
        found = found.replace(word, sign)
    return found


def _comparison(match: re.Match[str]) -> str:
    up = match["way"] in ("greater", "larger", "more") or match["end"] == "least"
    sign = (">" if up else "<") if match["way"] and not match["equal"] else "\\ge" if up else "\\le"
    return f"{match['letter']} {sign} "
