"""Find the equations that a solution states in plain text, LaTeX or words, and check each of them exactly."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise

from ..notation.arithmetic import NotArithmetic, Token, evaluate, tokenize
from ..notation.clean import clean
from ..verdicts import Equation

MAX_EQUATIONS = 200
_UNIT_WORDS = 5  # words of a unit between an expression and "="; more are prose
_FRAC = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}|\\[dt]?frac\s*(\d)\s*(\d)")
# "1 1/2", but not after an operator: "3 * 1 1/2".
_MIXED = re.compile(r"(?<![\d./*+^-])(?<![-+*/^]\s)\b(\d+)\s+(\d+/\d+)(?![\d.])")
# Each turns words or LaTeX into plain arithmetic: "15% of 80" into "15% * 80", "3 times 4" into "3 * 4".
_PHRASES = (
    (re.compile(r"\b(\d[\d,.]*)\s*(%|percent) of (?=\$?\d)", re.I), r"\1% * "),
    (re.compile(r"\b(\d+/\d+) of (?=\$?\d)", re.I), r"\1 * "),
    (re.compile(r"\b(?:one[- ])?half of (?=\$?\d)", re.I), "1/2 * "),
    (re.compile(r"\b(?:twice|double) (?=\$?\d)", re.I), "2 * "),
    (re.compile(r"(?<=[\w)]) (?:times|multiplied by) (?=[$\d(])", re.I), " * "),
    (re.compile(r"(?<=[\w)]) divided by (?=[$\d(])", re.I), " / "),
    (re.compile(r"(?<=\d) plus (?=[$\d(])", re.I), " + "),
    (re.compile(r"(?<=\d) minus (?=[$\d(])", re.I), " - "),
    (re.compile(r"(?<=[\d)%a-z]) (?:is equal to|equals|gives us|gives|is|makes) (?=\$?-?\d)", re.I), " = "),
    (re.compile(r"(?<=[\d)s]) ?[xX] ?(?=[$\d(.])"), " * "),
    (re.compile(r"\\times|\\cdot"), " * "),
    (re.compile(r"\\div(?![a-z])"), " / "),
    (re.compile(r"\\(?:text|mathrm)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\(?:left|right|,|;|!|quad)|[$€£⟦⟧]"), " "),
    (re.compile(r"\\approx|≈"), "="),
    (re.compile(r"\((?=[A-Za-z])[A-Za-z' ,.-]*\)"), " "),
    (re.compile(r"(?<=[A-Za-z])\s?/\s?(?=[A-Za-z])|/(?=[A-Za-z])|(?<=[A-Za-z])-(?=[A-Za-z])"), " per "),
)
# Where one equation ends and the next text begins.
_SPLIT = re.compile(r"[;:?!]|\.(?=\s|$)|,(?=\s)|,(?!\d{3}(?!\d))|->|=>|\\Rightarrow")


def find_equations(solution: str) -> list[Equation]:
    """Return the equations that have plain arithmetic on both sides, in order, each with whether it holds.

    Args:
        solution: text of a solution; its first 20,000 characters and 200 equations are read.
    """
    text = re.sub(r"\n\s*=", " =", clean(solution[:20_000]))  # a chain may go on in the next line
    found: list[Equation] = []
    for line, content in enumerate(text.split("\n")):
        for clause in _SPLIT.split(_plain(re.sub(r"^\s*(?:\d+[.)]|[-*+•])\s+", "", content[:3000]))):
            found += _in_clause(clause, line)
            if len(found) >= MAX_EQUATIONS:
                return found[:MAX_EQUATIONS]
    return found


def _plain(text: str) -> str:
    for _ in range(3):  # up to three levels of nested fractions
        text = _FRAC.sub(lambda m: f"(({m[1] or m[3]})/({m[2] or m[4]}))", text)
    for pattern, replacement in _PHRASES:
        text = pattern.sub(replacement, text)
    return _MIXED.sub(r"(\1+\2)", text)


def _in_clause(clause: str, line: int) -> list[Equation]:
    # Chains give several equations: "2 + 3 = 5 = 10 / 2".
    sides = clause.split("=") if re.search(r"(?<![<>!])=", clause) else []
    return [found for left, right in pairwise(sides) if (found := _check(left, right, line))]


def _check(left: str, right: str, line: int) -> Equation | None:
    """Return an equation with whether it holds; None if the left side computes nothing or a side is not arithmetic."""
    try:
        given, stated = _suffix(tokenize(left[-400:])), _prefix(tokenize(right[:400]))
        if not _computes(given) or _mixes_percent(given):
            return None
        value, claimed = evaluate(given), evaluate(stated)
    except NotArithmetic:
        return None
    written = f"{_written(given)} = {_written(stated)}"
    # "3 * 25 cents = $0.75", and "3/4 = 75%", may hold in either unit.
    scaled = 100 if re.search(r"\bcents?\b", left + right, re.I) else 1
    readings = {value, value / 100 if "%" in right else value, value / scaled, value * scaled}
    ok = any(_same(each, claimed, stated) for each in readings)
    return Equation(written, ok, number_text(value), line)


def _computes(tokens: list[Token]) -> bool:
    return any(token.kind == "operator" or token.kind == "open" for token in tokens[1:])


def _same(value: Fraction, claimed: Fraction, stated: list[Token]) -> bool:
    """Return whether a stated number is the value, perhaps rounded or cut off after its last digit."""
    if value == claimed:
        return True
    # Only a single number can be rounded, and only of a value that is no integer.
    if len(stated) > 2 or value.denominator == 1:
        return False
    decimals = len(stated[0 if stated[0].kind == "number" else 1].text.partition(".")[2])
    return abs(value - claimed) < Fraction(1, 10**decimals)


def _suffix(tokens: list[Token]) -> list[Token]:
    """Return the expression at the end of a left side, without units. Variables and dangling operators raise an error."""
    kept: list[Token] = []
    words = 0
    for token in reversed(tokens):
        if token.kind == "word":
            if (len(token.text) == 1 and token.text not in "aAI") or token.text.startswith("\\"):
                raise NotArithmetic("a variable")
            words += 1
            if words > _UNIT_WORDS and not kept:
                raise NotArithmetic("prose")
            continue
        if token.kind == "other" or (words > _UNIT_WORDS):
            break
        # Two numbers with words between them: the expression begins with the second.
        if words and kept and token.kind in ("number", "percent", "close") and kept[-1].kind in ("number", "open"):
            break
        if words and token.kind in ("operator", "open"):
            raise NotArithmetic("a name stands where a number should")
        kept.append(token)
        words = 0
    kept.reverse()
    return _balanced(kept)


def _prefix(tokens: list[Token]) -> list[Token]:
    """Return the expression at the start of a right side, without units."""
    kept: list[Token] = []
    words = 0
    for token in tokens:
        if token.kind == "word":
            if not kept or (len(token.text) == 1 and token.text not in "aAI") or kept[-1].kind == "operator":
                raise NotArithmetic("a variable")
            words += 1
            continue
        if token.kind == "other" or (words and token.kind not in ("operator",)) or (kept and token.kind == "open"):
            break
        kept.append(token)
        words = 0 if token.kind != "operator" else words
    while kept and kept[-1].kind == "operator":
        raise NotArithmetic("an operator dangles")
    return kept


def _balanced(tokens: list[Token]) -> list[Token]:
    """Drop an unclosed parenthesis, which belongs to the prose before the expression."""
    depth = 0
    for place in range(len(tokens) - 1, -1, -1):
        depth += (tokens[place].kind == "close") - (tokens[place].kind == "open")
        if depth < 0:
            return tokens[place + 1 :]
    if tokens and tokens[0].kind == "operator" and tokens[0].text != "-":
        raise NotArithmetic("an operator dangles")
    return tokens


def _mixes_percent(tokens: list[Token]) -> bool:
    """Return whether percentages are added to plain numbers: "100 + 5%" may mean 105 or 100.05."""
    texts = [token.text for token in tokens]
    return "%" in texts and bool({"+", "-"} & set(texts)) and texts.count("%") < sum(token.kind == "number" for token in tokens)


def _written(tokens: list[Token]) -> str:
    text = " ".join(token.text for token in tokens)
    return text.replace("( ", "(").replace(" )", ")").replace(" %", "%")


def number_text(value: Fraction) -> str:
    """Return a fraction as people write it: 12, 2.5, 1/3."""
    if value.denominator == 1:
        return str(value.numerator)
    # Only 2 and 5 as prime factors: the decimal is finite.
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    short = rest == 1 and value.denominator <= 10**4 and abs(value) < 10**5
    return f"{float(value):g}" if short else f"{value.numerator}/{value.denominator}"
