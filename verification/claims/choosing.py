"""Choose the claim among the values of a concluding statement: the asked quantity, not the ones restated beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..notation.arithmetic import NotArithmetic, evaluate, tokenize
from ..notation.quantities import Quantity, find_quantities, spoken_fraction
from ..notation.times import CLOCK as TIME
from ..notation.units import read_unit
from ..notation.values import exact_values, tidy
from .asked import asked_words
from .candidates import Asked, Candidate, Formula, Number, read_question
from .described import described_sets
from .echoes import is_placeholder
from .phrases import STEP_NAMES
from .references import braced
from .rejected import is_rejected
from .signs import EXPRESSION_SIGNS, HOW_MANY, NUMBER_SIGNS, SEGMENT_SIGNS, in_parentheses
from .statements import Statement

MAX_NUMBERS = 60
"""Numbers of a statement that are considered, the last ones. Each is scored by some thirty signs."""
CERTAIN = 3.0
"""The score of a claim that stands alone in a box or an answer line; others are cut to it when statements compete."""
ALL_SOLUTIONS = 4.0
"""Every solution named, "x = 2 or x = -3", outranks each of its numbers."""
SUPPOSED = 0.0
"""Where they only say for what something holds, "where x = 2 and y = 3", anything else is likelier."""
RATIO = 2.5
"""A ratio where one is spoken of, unless the question gives it."""
CLOCK = 3.0
"""A time of the day where one is asked; the later in the sentence the likelier."""
DURATION, RESTATED_DURATION = 2.0, 2.5
"""Hours and minutes, dollars and cents are one value; in parentheses they say the same again."""

Found = tuple[Candidate, tuple[int, int]]
"""A candidate with the place that it takes."""

# A piece of mathematics, with those that "or", "and" or a union sign join to it: "⟦x = 2⟧ or ⟦x = 3⟧".
_SEGMENT = re.compile(r"⟦([^⟧]*)⟧(?:\s*(?:\\cup|U|or|and|,\s*(?:and\s*)?(?=⟦\s*[a-z]\s*=))\s*⟦[^⟧]*⟧)*")
_MATHEMATICAL = re.compile(r"[A-Za-z\\(\[{^]")
_HOLDS_VALUE = re.compile(r"[a-z\d]", re.I)
# What the pattern for expressions also finds, and what claims nothing: a letter, "(12)", "x =".
_FRAGMENT = re.compile(r"\W*[A-Za-z]\W*|\(\s*\$?[\d.,]+\s*\)|[^=<>]*=\s*\$?-?[\d.,]*\s*")
# A number with its computation after it: "26 (40 - 14)".
_NUMBER_AND_WORK = re.compile(r"(-?[\d.,]+)\s+\(([\d\s.,%+*/^()-]*[-+*/][\d\s.,%+*/^()-]*)\)")
# A fraction, a root or pi: a form that a decimal only approximates.
_EXACT = re.compile(r"-?\d*(?:\\frac\s*\{-?\d+\}\s*\{\d+\}|/?\d+/\d+)|.*\\(?:sqrt|pi).*")
# Words before the value inside a box: "\boxed{\text{The answer is } 12}".
_WORDS_IN_BOX = re.compile(r"^\\text\s*\{[^{}]*\b(?:answer|result|value)(?: is)?:?\s*\}\s*")
# "12k" before a word is twelve thousand, not algebra.
_SCALED = re.compile(r"\d[\d.]*k")
# An expression that breaks off or goes on: "3 +", "x =", "+ 4".
_DANGLING = re.compile(r"(?:[-+*/=]|\\(?:le|ge|ne|in|approx|pm))\s*\$?$|^[-+*/]\s")
# "1 hour and 35 minutes", "3 dollars and 20 cents".
_DURATION = re.compile(
    r"\d+\s?(?:hours?|hrs?|h)\b,?\s?(?:and )?\d+\s?(?:minutes?|mins?|m)\b|\d+ dollars?,? (?:and )?\d{1,2} cents?", re.I
)
_CLOCK = re.compile(rf"(?<![\d:.]){TIME}(?![\d:])", re.I)
_ASKS_TIME = re.compile(r"\bwhat (?:\w+ )?time\b|\bwhen\b|\bclock\b", re.I)
_ASKS_ROUNDED = re.compile(r"\bround|\bnearest\b|\bdecimal places?\b|\bapproximat", re.I)
# The number is an operand of what follows: " + 4".
_OPERATES = re.compile(r"\s*[-+*/x^]\s*\d")
# "3:4", which could also be a time; ratios are looked for only where one is spoken of.
_RATIO = re.compile(r"(?<![\d:])\d{1,9}\s?:\s?\d{1,9}(?![\d:])")
# The same letter with several values: "x = 2 or x = -3".
_SOLUTIONS = re.compile(r"\b([a-z])(?:_\d)?\s*=\s*-?[\d./]+(?:(?:,|,?\s*(?:or|and))\s*\1(?:_\d)?\s*=\s*-?[\d./]+)+")
# Several letters with a value each: "x = 2 and y = 3".
_ASSIGNED = re.compile(r"\b[a-z]\s*=\s*-?[\d./]*\d(?:(?:[,;]|,?\s+and)\s*[a-z]\s*=\s*-?[\d./]*\d){1,4}(?!\s*[-+*/^\w(])")
# What introduces values that are only supposed: "since x = 2", "(x = 2".
_SUPPOSED = re.compile(r"(?:\b(?:since|because|when|where|if|with|for|at|given|as)\s*|\([^()]*)[⟦]?$", re.I)
# "The roots are 2 and 3".
_ALL_NAMED = re.compile(
    r"\b(?:roots|solutions|zeros|zeroes|intercepts|possible values)\b[^.\d=:]{0,40}?\bare\s+"
    r"(?P<values>-?\d[\d./]{0,9}(?:,\s*-?\d[\d./]{0,9}){0,5},?\s+and\s+-?\d[\d./]{0,9}(?<!\.))",
    re.I,
)
# The words between a value and another form of it: "0.75, or 3/4", "= 75", "that is, 75".
_EQUIVALENT = re.compile(
    r"^(?:\s*\w+){0,3}?\s*(?:,? that is,?|,? that'?s|,? namely|,? or(?: exactly| about| approximately| roughly"
    r"| more precisely)?|,? which is(?: equal to| equivalent to)?"
    r"|,? i\.e\.,?|\(or|\(|=|equivalent to)\s*$",
    re.I,
)
_EXPRESSION = re.compile(
    r"(?:\[\s*\[[^\[\]]{1,80}\](?:\s*,?\s*\[[^\[\]]{1,80}\]){0,9}\s*\]|(?:(?<!\w)[A-Za-z]\s*=\s*)?\([^()\s]{1,40}(?:,\s?[^()\s]{1,40}){1,4}\)|[\[(]\s*-?(?:\\?\w+|\d[\d./]*)\s*,\s*-?(?:\\?\w+|\d[\d./]*)\s*[\])](?:\s*(?:\\cup|U)\s*[\[(][^()\[\]]*[\])])*"
    r"|\{[^{}]{1,80}\}"
    r"|(?!\s)[-+]?(?:\\[a-z]+(?:\{[^{}]*\})*|\d+[a-z](?:\^\d+)?(?![A-Za-z])|\d+(?:\.\d+)?|(?<!')\b[a-zA-Z]\b|(?!(?<=[\s=])\([^()\s]{1,40}(?:,\s?[^()\s]{1,40}){1,4}\))[()^*/+=<>{}!-]|\\[a-z]+|sqrt|\d?[a-z]\^\d+|\d+[a-z]\b|\s{1,2}(?=[-+*/^=<>\\(\d]|[a-z]\b)){2,}"
    r"|(?<![\w.,$])\d+(?:i|[a-eknprtxyz](?:\^\d+)?)(?![\w(]| \d))"
)
# The words after a number that may be its unit: "km/h", "square feet".
_FOLLOWING = re.compile(r"\s?-?(?:°\s?[CF]\b|[A-Za-z¢]+(?:\^\{?[23]\}?)?(?:\s?/\s?[A-Za-z]+|\s(?:per\s)?[A-Za-z]+){0,2})")
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
# Questions that ask for several values at once.
_WANTS_ALL = re.compile(
    r"\bsolv|\bsolution|\bsystem|\bordered pair|\bpoint|\bintersect|\bvalues? of [a-z]\b.*\band\b"
    r"|\bfind [a-z],? (?:and )?[a-z]\b|\b[a-z] and [a-z]\b"
    r"|\bvertex|\bcoordinates|\bvector",
    re.I,
)
# "There are none left" answers "how many" with 0.
_NONE = re.compile(
    r"\b(?:there (?:is|are|were|will be)|has|have|had|leaves?|with) (?:no|none)\b|\bnone (?:of|is|are|remain)", re.I
)
# "The answer is (yellow)": a last resort, where there is no value.
_WORD_ANSWER = re.compile(r"\bis:?\s+(?:an?\s+)?\(?([A-Za-z][A-Za-z ]{0,30})\)?[.!]?$")


@dataclass(frozen=True)
class Choice:
    """The claim of a statement, followed by restatements of the same answer; `score` says how likely it is a claim."""

    texts: tuple[str, ...]
    score: float
    losers: tuple[tuple[str, float], ...] = ()
    """The other values of the statement with their scores."""
    unit: str = ""
    """The known unit that follows the first text."""


def choose_claim(statement: Statement, question: str | None) -> Choice | None:
    """Return what a statement claims, None if it claims nothing."""
    text = STEP_NAMES.sub(" ", statement.claim.strip())
    if "\\boxed" in text and not (re.search(r"how many", asked_words(question)[0], re.I) and text.count("\\boxed") > 1):
        return _certain(_boxes(text))
    if statement.source in ("answer_line", "final_line"):
        bare = tidy(text)
        if exact_values(bare) or (
            len(bare) <= 60 and not re.search(r"[A-Za-z]{3,}\s+[A-Za-z]{2,}", re.sub(r"\\[a-z]+", "", bare))
        ):
            return _certain([_right_side(bare, question)])
    candidates = _candidates(text, question)
    if not candidates and HOW_MANY.search(asked_words(question)[0]) and _NONE.search(text):
        return Choice(("0",), CERTAIN)
    if not candidates and (fraction := spoken_fraction(text)):
        return _certain([fraction])
    if not candidates:
        word = _WORD_ANSWER.search(text[-200:])
        return _certain([word[1]] if word and (statement.source != "last_statement" or len(word[1]) == 1) else [])
    best = max(candidates, key=lambda candidate: candidate.score)
    texts = (best.text, *_restatements(text, best, candidates))
    losers = tuple((candidate.text, candidate.score) for candidate in candidates if candidate.text not in texts)
    return Choice(texts, best.score, losers, _unit_after(text[best.quantity.end :]) if best.quantity else "")


def _unit_after(text: str) -> str:
    """Return the known unit at the beginning of a text, as many of its words as belong to it."""
    words = _FOLLOWING.match(text)
    while words and (name := words[0].strip()):
        if read_unit(name):
            return name
        words = re.match(r".+(?=[\s/])", name)
    return ""


def _certain(texts: list[str]) -> Choice | None:
    texts = [text for text in texts if text and not is_placeholder(text)]
    return Choice(tuple(texts), CERTAIN) if texts else None


def _boxes(text: str) -> list[str]:
    """Return the claim in the boxes of a statement: the last one, or all of them as a list if only commas are between them."""
    starts = [match.end() for match in re.finditer(r"\\boxed|\\fbox", text[:4000])][-5:]
    contents = [_WORDS_IN_BOX.sub("", content) for start in starts if (content := braced(text, start))]
    between = re.split(r"\\boxed|\\fbox", text)[1:-1]
    contents = [content for place, content in enumerate(contents) if tidy(content) not in map(tidy, contents[place + 1 :])]
    if len(contents) > 1 and frozenset.intersection(*map(exact_values, contents)):
        return contents[-1:]
    if len(contents) > 1 and all(re.search(r"(?:,|\band\b|\bor\b)[^A-Za-z]*$", part) for part in between):
        return [", ".join(contents)]
    return [contents[-1]] if contents else []


def _candidates(text: str, question: str | None) -> list[Candidate]:
    """Return the values of a text that could be its claim; each place is given to the first kind that takes it."""
    asked, text = read_question(question), text[:2000]
    found: list[Candidate] = []
    outside = text
    for match in _SEGMENT.finditer(text):
        found.append(_segment(match, text, asked))
        outside = outside[: match.start()] + " " * len(match[0]) + outside[match.end() :]
    taken = [match.span() for match in _SEGMENT.finditer(text)]
    for kind in (_expressions, _solutions, _ranges, _described, _clocks, _ratios, _durations):
        for candidate, span in kind(outside, text, asked):
            found.append(candidate)
            taken.append(span)
    for quantity in find_quantities(outside)[-MAX_NUMBERS:]:
        if not any(start <= quantity.start < end for start, end in taken):
            points = NUMBER_SIGNS.score(Number(quantity, outside, asked))
            found.append(Candidate(_written(outside, quantity), points, quantity.start, quantity))
    rejected = {candidate.text for candidate in found if is_rejected(candidate, text)}
    return [candidate for candidate in found if candidate.text and candidate.text not in rejected]


def _written(text: str, quantity: Quantity) -> str:
    """Return a number as the text writes it; "12k" as its value, since alone it could be algebra."""
    written = text[quantity.start : quantity.end].strip()
    return str(quantity.value) if written.endswith("k") else written


def _segment(match: re.Match[str], text: str, asked: Asked) -> Candidate:
    """Return the candidate of a piece that is marked as mathematics."""
    content = match[0].replace("⟦", " ").replace("⟧", " ").strip()
    claim = _right_side(content, asked.question)
    formula = Formula(content, claim, text[: match.start()], match.start() / (len(text) + 1), asked)
    return Candidate(claim, SEGMENT_SIGNS.score(formula), match.start())


def _expressions(outside: str, text: str, asked: Asked) -> Iterator[Found]:
    """Yield mathematics in plain text ("2x + 1", "(3, 4)"), without plain numbers and fragments."""
    for match in _EXPRESSION.finditer(outside):
        written = match[0].strip()
        if not (_MATHEMATICAL.search(written) and _HOLDS_VALUE.search(written)) or exact_values(match[0]):
            continue
        if _SCALED.fullmatch(written) and outside[match.end() : match.end() + 3].strip().isalpha():
            continue
        if _FRAGMENT.fullmatch(written) or _DANGLING.search(written) or _explained(written):
            continue
        content = _balanced(written)
        if exact_values(content):
            continue
        claim = _right_side(content, asked.question)
        formula = Formula(content, claim, outside[: match.start()], match.start() / (len(outside) + 1), asked)
        yield Candidate(claim, EXPRESSION_SIGNS.score(formula), match.start()), match.span()


def _balanced(written: str) -> str:
    """Return an expression without what follows an unclosed parenthesis, as in "0.15 (15"."""
    while written.count("(") > written.count(")"):
        written = written[: written.rindex("(")].rstrip()
    return written


def _explained(written: str) -> bool:
    """Return whether this is a number followed by its computation in parentheses, as in "26 (40 - 14)"."""
    match = _NUMBER_AND_WORK.fullmatch(written)
    if not match:
        return False
    try:
        return evaluate(tokenize(match[1])) == evaluate(tokenize(match[2]))
    except NotArithmetic:
        return False


def _solutions(outside: str, text: str, asked: Asked) -> Iterator[Found]:
    """Yield lists of solutions: "x = 2 or x = 3", "x = 2 and y = 3", "the roots are 2 and 3"."""
    if "=" not in outside and " are" not in outside:
        return
    for match in _SOLUTIONS.finditer(outside):
        values = ", ".join(re.findall(r"=\s*(-?[\d./]+(?<!\.))", match[0]))
        yield Candidate(values, 0.0 if HOW_MANY.search(asked.sentence) else ALL_SOLUTIONS, match.start()), match.span()
    for match in _ASSIGNED.finditer(outside):
        if len(set(re.findall(r"([a-z])\s*=", match[0]))) > 1:
            wanted = not asked.sentence or _WANTS_ALL.search(asked.sentence)
            points = SUPPOSED if _SUPPOSED.search(outside[: match.start()]) else ALL_SOLUTIONS if wanted else 0.5
            yield Candidate(match[0], points, match.start()), match.span()
    for match in _ALL_NAMED.finditer(outside):
        values = ", ".join(re.findall(r"-?\d[\d./]*", match["values"]))
        yield Candidate(values, ALL_SOLUTIONS, match.start("values")), match.span("values")


def _ranges(outside: str, text: str, asked: Asked) -> Iterator[Found]:
    """Yield ranges that are stated as an answer: "it takes 3-5 days", "between 3 and 5"; a subtraction is none."""
    for match in _RANGE.finditer(outside):
        between = match[0].lower().startswith("between")
        written = "-" in match[0] and " " not in match[0] and re.match(r"\s+[a-z]{3}", outside[match.end() :])
        if (match["by"].lower() == "and") != between or not (written or _STATES_RANGE.search(outside[: match.start()])):
            continue
        low, high = (quantity.value for quantity in find_quantities(match[0].replace("-", " "))[:2])
        if low < high and match[0] not in asked.question:
            yield Candidate(match[0], ALL_SOLUTIONS, match.start()), match.span()


def _described(outside: str, text: str, asked: Asked) -> Iterator[Found]:
    for interval, span in described_sets(text, asked.question):
        yield Candidate(interval, ALL_SOLUTIONS, span[0]), span


def _clocks(outside: str, text: str, asked: Asked) -> Iterator[Found]:
    for match in _CLOCK.finditer(outside) if _ASKS_TIME.search(asked.sentence) else ():
        yield Candidate(match[0], CLOCK + match.start() / len(outside), match.start()), match.span()


def _ratios(outside: str, text: str, asked: Asked) -> Iterator[Found]:
    for match in _RATIO.finditer(outside) if ":" in outside and (asked.ratio or "ratio" in text.lower()) else ():
        yield Candidate(match[0], RATIO * (match[0] not in asked.question), match.start()), match.span()


def _durations(outside: str, text: str, asked: Asked) -> Iterator[Found]:
    for match in _DURATION.finditer(outside):
        points = DURATION - RESTATED_DURATION * in_parentheses(outside[: match.start()])
        yield Candidate(match[0], points, match.start()), match.span()


def _right_side(content: str, question: str | None) -> str:
    """Drop the left side of an equation unless an equation is asked for; of a chain, keep the end."""
    content = _exact_form(tidy(content), bool(_ASKS_ROUNDED.search(question or "")))
    plain = re.sub(r"\{[^{}]*\}", lambda group: group[0].replace("=", "\0"), content)
    if "=" not in plain or re.search(r"\b(?:find|write|give|what is|determine) (?:the|an) equation", question or "", re.I):
        return re.sub(r"^[a-zA-Z]\s*\\in\s+", "", content)
    if re.search(r"(?<!=)=(?!=).*,(?!\d{3}\b).*(?<!=)=|\bor\b|\band\b", content) or re.search(
        r"[<>]|\\le|\\ge", content.rsplit("=", 1)[0]
    ):
        return content
    return plain.rsplit("=", 1)[1].replace("\0", "=").strip()


def _exact_form(content: str, rounds: bool) -> str:
    r"""Of "1/6 \approx 0.167" keep the exact form unless it is to be rounded, of "600/9 \approx 67" the rounded one."""
    exact, rounded = content.partition("\\approx")[::2]
    if not rounded.strip():
        return content
    if rounds:
        return rounded.strip()
    last = exact.rsplit("=", 1)[-1].strip()
    return exact.strip() if _EXACT.fullmatch(last) and "." in rounded else rounded.strip()


def _restatements(text: str, best: Candidate, candidates: list[Candidate]) -> list[str]:
    """Return values that the text gives as another form of the same answer: "or $75", "(1 hour and 35 minutes)"."""
    later = [candidate for candidate in candidates if candidate.start > best.start]
    later = [each for each in later if not _OPERATES.match(text[each.start + len(each.text) :])]
    return [candidate.text for candidate in later[:1] if _EQUIVALENT.match(text[best.start + len(best.text) : candidate.start])]
