"""Find values that are more than a number: mathematics, solutions, ranges, times, ratios and others. Start at `pieces`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from ..notation.arithmetic import is_explained
from ..notation.layout import REMAINDER
from ..notation.quantities import AMOUNT, Quantity, find_quantities
from ..notation.question import Asked, asks
from ..notation.times import CLOCK as TIME
from ..notation.values import COMPOUND, exact_values, read_value, tidy
from .candidates import Candidate, Formula, Number
from .described import ALL_SOLUTIONS, SUPPOSED, SUPPOSES, described_sets, solutions
from .signs import EXPRESSION_SIGNS, NUMBER_SIGNS, SEGMENT_SIGNS

RATIO = 2.5
"""Score of a ratio, "3:4", where the text speaks of ratios; 0 if the question gives it."""
SHARE = 1.5
"""Score of "one in six" or "3 out of 8" where a probability or a fraction is asked for."""
CLOCK = 3.0
"""Score of a time of the day if the question asks for one; a later one in the sentence scores higher."""
AMOUNT_IN_PARTS = 1.0
"""Score of "1 hour and 35 minutes" or "3 dollars and 20 cents", besides its signs as a number."""
Found = tuple[Candidate, tuple[int, int]]
"""A candidate with its place in the text (start, end)."""
# Mathematics, and what is joined to it: "⟦x = 2⟧ or ⟦x = 3⟧", "⟦(-1,2)⟧ \cup ⟦(3,5)⟧".
SEGMENT = re.compile(r"⟦([^⟧]*)⟧(?:\s*(?:\\cup|U|or|and|,\s*(?:and\s*)?(?=⟦\s*[a-z]\s*=))\s*⟦[^⟧]*⟧)*")
# "x > 0".
_BOUNDS = re.compile(r"[<>]|\\[lg]eq?(?![a-z])")
# Letters, brackets or powers: what distinguishes mathematics from a number.
_MATHEMATICAL = re.compile(r"[A-Za-z\\(\[{^]")
_HOLDS_VALUE = re.compile(r"[a-z\d]", re.I)
# What the pattern for expressions also finds, and what claims nothing: a letter, "(12)", "x =".
_FRAGMENT = re.compile(
    r"\W*[A-Za-z]\W*|\^\{?\d\}?|(?:y )?[aAI]\s+[$€£]?\d[\d.,]*%?|\(\s*\$?[\d.,]+\s*\)|[^=<>]*=\s*\$?-?[\d.,]*\s*"
)
# A fraction, a root or pi: a form that a decimal only approximates.
_EXACT = re.compile(r"-?\d*(?:\\frac\s*\{-?\d+\}\s*\{\d+\}|/?\d+/\d+)|.*\\(?:sqrt|pi).*")
# "12k" before a word is twelve thousand, not algebra.
_SCALED = re.compile(r"\d[\d.]*k")
# An expression that breaks off or goes on: "3 +", "x =", "+ 4".
_DANGLING = re.compile(r"(?:[-+*/=]|\\(?:le|ge|ne|in|approx|pm))\s*\$?$|^[-+*/]\s")
# "2x < 8 \\iff x < 4".
_FOLLOWS = re.compile(r"\\(?:iff|implies|[RL]?[a-z]*rightarrow)(?![a-z])\s*(?=\S)", re.I)
# A quick test for `COMPOUND`: "2 h 25 min".
_TWO_UNITS = re.compile(r"\d ?[a-zа-я]{1,11}\.?,? ?(?:[a-zи]{1,3} )?\d+ ?[a-zа-я]", re.I)
_IN_WORDS = re.compile(r"(?:year|week|day|hour|minute|dollar)s?,? (?:and )?[a-z]|feet (?:and )?[a-z]", re.I)
# "5:30 pm", "noon".
_CLOCK = re.compile(rf"(?<![\d:.]){TIME}(?![\d:])", re.I)
_SHARE = re.compile(rf"\b({AMOUNT}) (?:in|out of)(?: every)? ({AMOUNT})\b(?! [a-z]+ (?:=|is|are)\b)", re.I)
_ASKS_SHARE = re.compile(r"\b(?:probability|chances?|odds|likelihood|fraction|proportion)\b", re.I)
# "What time ...?", "When ...?"
_ASKS_TIME = re.compile(r"\bwhat (?:\w+ )?time\b|\bwhen\b|\bclock\b", re.I)
# "What is the remainder when ...?", where the quotient is not asked for.
_ASKS_REMAINDER = re.compile(r"\b(?:is|find) the remainder\b", re.I)
# "Round to the nearest ten", "as a decimal".
_ASKS_ROUNDED = re.compile(r"\bround|\bnearest\b|\bdecimal (?:places?|form|number)\b|\bas a decimal\b|\bapproximat", re.I)
_ASKS_EQUATION = re.compile(r"\b(?:find|write|give|what is|determine) (?:the|an) equation", re.I)
_ASKS_FACTORS = re.compile(r"\bfactori[sz]ation|\bproduct of (?:its )?prime", re.I)
# "3:4", which could also be a time; ratios are looked for only where one is spoken of.
_RATIO = re.compile(r"(?<![\d:])\d{1,9}\s?:\s?\d{1,9}(?![\d:])")
# "2 to 3", "for every 2 boys there are 3 girls".
_RATIO_IN_WORDS = re.compile(
    r"(?:\bfor (?:every|each) )?(?<![\d.,])(?P<low>\d{1,9})(?: (?P<noun>[a-z]+),? there (?:is|are)| to)"
    r" (?P<high>\d{1,9})\b(?![.,]\d)"
    r"(?: (?P<other>[a-z]+))?",
    re.I,
)
_LETTER_BEFORE_UNIT = (
    r"(?<![\w.,$])\d+[a-z](?=\s(?:(?:square|cubic|sq\.?|cu\.?)\s)?(?:units?|[cmk]?m|feet|ft|inch(?:es)?|met(?:er|re)s?)\b)"
)
"""The "12h" of "12h cubic units", where h is a height."""
_SYMBOL_BEFORE_UNIT = re.compile(_LETTER_BEFORE_UNIT)
# In this order: a matrix, a point or tuple, an interval, a set, algebra such as "3x^2 + 1", a number with a letter.
_EXPRESSION = re.compile(
    r"(?:\[\s*\[[^\[\]]{1,80}\](?:\s*,?\s*\[[^\[\]]{1,80}\]){0,9}\s*\]|(?:(?<!\w)[A-Za-z]\s*=\s*)?\([^()\s]{1,40}(?:,\s?[^()\s]{1,40}){1,4}\)|[\[(]\s*-?(?:\\?\w+|\d[\d./]*)\s*,\s*-?(?:\\?\w+|\d[\d./]*)\s*[\])](?:\s*(?:\\cup|U)\s*[\[(][^()\[\]]*[\])])*"
    r"|\[(?:\s*(?:'[^'\n]{0,30}'|\"[^\"\n]{0,30}\"|-?[\d.]{1,12}|[A-Za-z]{1,12})\s*(?:,|(?=\]))){2,40}\]"
    r"|\{[^{}]{1,80}\}"
    r"|(?!\s)[-+]?(?:\\[a-z]+(?:\{[^{}]*\})*|\d+[a-z](?:\^\d+)?(?![A-Za-z])|\d+(?:\.\d+)?|(?<!')\b[a-zA-Z]\b|(?!(?<=[\s=])\([^()\s]{1,40}(?:,\s?[^()\s]{1,40}){1,4}\))[()^*/+=<>{}!-]|\\[a-z]+|sqrt|\d?[a-z]\^\d+|\d+[a-z]\b|\s{1,2}(?=[-+*/^=<>\\(\d]|[a-zC]\b)){2,}"
    r"|(?<![\w.,$])\d+(?:i|[a-eknprtxyz](?:\^\d+)?)(?![\w(]| \d)"
    rf"|{_LETTER_BEFORE_UNIT})"
)
# "3-5", "between 3 and 5", "from 3 to 5", but not "3 - 5 = -2".
_RANGE = re.compile(
    r"(?:\b(?:between|from)\s+)?(?<![\d.,$/^-])[$€£]?\d[\d,]*(?:\.\d+)?\s*(?P<by>-|to|and)\s*[$€£]?\d[\d,]*(?:\.\d+)?(?![\d.,]*\d|\s*[-+*/=^])(?=\s+[a-z]|\W*$)",
    re.I,
)
# What stands before a range that is an answer: "it takes", "about", "=".
_STATES_RANGE = re.compile(
    r"(?:^|[:=]|\b(?:takes?|is|are|be|costs?|lasts?|needs?|requires?|about|approximately|around|answer|has|have|somewhere|anywhere|expect|ranges?|vary|varies|lies?))\s*$",
    re.I,
)


def pieces(text: str, outside: str, asked: Asked) -> Iterator[Found]:
    """Yield every value with its place. `outside` is the text with blanks in place of marked mathematics."""
    for match in SEGMENT.finditer(text):
        yield _segment(match, text, asked), match.span()
    for candidate, (start, end) in list(_amounts_in_parts(outside, asked)):
        yield candidate, (start, end)
        outside = f"{outside[:start]}{' ' * (end - start)}{outside[end:]}"
    for kind in (_expressions, solutions, _ranges, _clocks, _ratios, _remainders, _shares):
        yield from kind(outside, asked)
    for interval, span in described_sets(text, asked.question):
        yield Candidate(interval, ALL_SOLUTIONS, span[0]), span


def _segment(match: re.Match[str], text: str, asked: Asked) -> Candidate:
    content = match[0].replace("⟦", " ").replace("⟧", " ").strip()
    start = match.start()
    # "since x > 0, x = 7": only the last one is said.
    if "⟧," in match[0] and _BOUNDS.search(match[1]) and SUPPOSES.search(text[max(0, start - 40) : start]):
        start += match[0].rindex("⟦")
        content = text[start + 1 : match.end() - 1].strip()
    claim = right_side(content, asked.question)
    formula = Formula(content, claim, text[:start], text[match.end() :], start / (len(text) + 1), asked)
    supposed = content.count("=") > 1 and ", " in content and SUPPOSES.search(formula.before[-40:])
    points = SUPPOSED if supposed else SEGMENT_SIGNS.score(formula)
    return Candidate(claim, points, start, rounded=_rounded_form(content, claim))


def _expressions(outside: str, asked: Asked) -> Iterator[Found]:
    for match in _EXPRESSION.finditer(outside):
        written = match[0].strip()
        if _SYMBOL_BEFORE_UNIT.match(outside, match.start()):
            # "12h cubic units": the letter is a factor, not part of a unit.
            formula = Formula(
                written, written, outside[: match.start()], outside[match.end() :], match.start() / (len(outside) + 1), asked
            )
            text = f"{written[:-1]} * {written[-1]}"
            yield Candidate(text, ALL_SOLUTIONS + EXPRESSION_SIGNS.score(formula), match.start()), match.span()
            continue
        if not (
            (_MATHEMATICAL.search(written) or _is_product(written, asked)) and _HOLDS_VALUE.search(written)
        ) or exact_values(match[0]):
            continue
        if _SCALED.fullmatch(written) and outside[match.end() : match.end() + 3].strip().isalpha():
            continue
        whole = asks(_ASKS_EQUATION, asked.sentence) and "=" in written
        if (_FRAGMENT.fullmatch(written) and not whole) or _DANGLING.search(written) or is_explained(written):
            continue
        content = _balanced(written)
        if exact_values(content):
            continue
        claim = right_side(content, asked.question)
        formula = Formula(
            content, claim, outside[: match.start()], outside[match.end() :], match.start() / (len(outside) + 1), asked
        )
        rounded = _rounded_form(content, claim)
        yield Candidate(claim, EXPRESSION_SIGNS.score(formula), match.start(), rounded=rounded), match.span()


def _is_product(written: str, asked: Asked) -> bool:
    """Return whether this is a product, "2 * 2 * 3", where a factorization is asked for."""
    return "*" in written and asks(_ASKS_FACTORS, asked.sentence)


def _balanced(written: str) -> str:
    """Drop an unclosed parenthesis and what follows it: "0.15 (15" becomes "0.15"."""
    while written.count("(") > written.count(")"):
        written = written[: written.rindex("(")].rstrip()
    return written


def _ranges(outside: str, asked: Asked) -> Iterator[Found]:
    for match in _RANGE.finditer(outside) if not asked.ratio else ():
        between = match[0].lower().startswith("between")
        written = "-" in match[0] and " " not in match[0] and re.match(r"\s+[a-z]{3}", outside[match.end() :])
        # "and" joins a range only after "between"; "3-5" without spaces needs a noun after it, or a verb before it.
        if (match["by"].lower() == "and") != between or not (written or _STATES_RANGE.search(outside[: match.start()])):
            continue
        ends = [quantity.value for quantity in find_quantities(match[0].replace("-", " "))[:2]]
        if len(ends) == 2 and ends[0] < ends[1] and match[0] not in asked.question:
            yield Candidate(match[0], ALL_SOLUTIONS, match.start()), match.span()


def _clocks(outside: str, asked: Asked) -> Iterator[Found]:
    for match in _CLOCK.finditer(outside) if asks(_ASKS_TIME, asked.sentence) else ():
        yield Candidate(match[0], CLOCK + match.start() / len(outside), match.start()), match.span()


def _ratios(outside: str, asked: Asked) -> Iterator[Found]:
    for match in _RATIO_IN_WORDS.finditer(outside) if asked.ratio else ():
        first, second = match["noun"], match["other"]
        places = [asked.sentence.find(name.rstrip("s")) if name else 0 for name in (first, second)]
        low, high = (match["low"], match["high"]) if places[0] <= places[1] else (match["high"], match["low"])
        yield Candidate(f"{low}:{high}", RATIO * (match[0] not in asked.question), match.start()), match.span()
    for match in _RATIO.finditer(outside) if ":" in outside and (asked.ratio or "ratio" in outside.lower()) else ():
        yield Candidate(match[0], RATIO * (match[0] not in asked.question), match.start()), match.span()


def _remainders(outside: str, asked: Asked) -> Iterator[Found]:
    for match in REMAINDER.finditer(outside) if "emainder" in asked.question else ():
        whole = "quotient" in asked.question or not asks(_ASKS_REMAINDER, asked.sentence)
        yield Candidate(match[0] if whole else match["rest"], ALL_SOLUTIONS, match.start()), match.span()


def _shares(outside: str, asked: Asked) -> Iterator[Found]:
    for match in _SHARE.finditer(outside) if asks(_ASKS_SHARE, asked.sentence) else ():
        part, whole = (quantity.value for quantity in find_quantities(f"{match[1]}; {match[2]}"))
        if part < whole:
            yield Candidate(f"{part}/{whole}", SHARE, match.start()), match.span()


def _amounts_in_parts(outside: str, asked: Asked) -> Iterator[Found]:
    possible = _TWO_UNITS.search(outside) or ((" and " in outside or "cent" in outside) and _IN_WORDS.search(outside))
    for match in COMPOUND.finditer(outside) if possible else ():
        value = read_value(match[0])
        number = Number(Quantity(max(value.values, default=Fraction(0)), *match.span()), outside, asked)
        points = AMOUNT_IN_PARTS * (-1 if match[0].lower() in asked.question.lower() else 1)
        if value.measure or value.unit:
            yield Candidate(match[0], points + NUMBER_SIGNS.score(number), match.start()), match.span()


def right_side(content: str, question: str | None) -> str:
    """Drop the left side of an equation, unless the question asks for an equation. Of a chain, keep the last side."""
    if "\\i" in content or "\\R" in content:
        content = _FOLLOWS.split(content)[-1]
    content = _exact_form(tidy(content), question)
    # Equals signs in braces, as in a set or a subscript, do not separate sides.
    plain = re.sub(r"\{[^{}]*\}", lambda group: group[0].replace("=", "\0"), content)
    if "=" not in plain or _ASKS_EQUATION.search(question or ""):
        return re.sub(r"^[a-zA-Z]\s*\\in(?![a-z])\s*", "", content)
    # Several equations ("x = 1, y = 2") and inequalities stay whole.
    if re.search(r"(?<!=)=(?!=).*,(?!\d{3}\b).*(?<!=)=|\bor\b|\band\b", content) or re.search(
        r"[<>]|\\le|\\ge", content.rsplit("=", 1)[0]
    ):
        return content
    return plain.rsplit("=", 1)[1].replace("\0", "=").strip()


def _exact_form(content: str, question: str | None) -> str:
    r"""Of "1/6 \approx 0.167" keep the exact form unless it is to be rounded, of "600/9 \approx 67" the rounded one."""
    exact, rounded = content.partition("\\approx")[::2]
    if not rounded.strip():
        return content
    if _ASKS_ROUNDED.search(question or ""):
        return rounded.strip()
    last = exact.rsplit("=", 1)[-1].strip()
    return exact.strip() if _EXACT.fullmatch(last) and "." in rounded else rounded.strip()


def _rounded_form(content: str, claim: str) -> str:
    r"""Return the 78.54 of "25\\pi \\approx 78.54" if the exact form is the claim, else ""."""
    rounded = re.sub(r"[^\d.,-]", "", content.partition("\\approx")[2]).rstrip(".,")
    return rounded if "." in rounded and "\\approx" not in claim and rounded not in claim else ""
