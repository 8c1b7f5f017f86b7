"""Choose the claim among a statement's values: the asked quantity, not a restated one. Start at `choose_claim`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from ..notation.asked import asked_words
from ..notation.quantities import Quantity, find_quantities, spoken_fraction
from ..notation.question import read_question
from ..notation.references import braced
from ..notation.units import read_unit
from ..notation.values import exact_values, read_value, tidy, with_remark
from .candidates import APIECE, DIFFERENCE, Candidate, Number
from .echoes import is_placeholder, is_rejected
from .phrases import without_step_names
from .pieces import SEGMENT, pieces, right_side
from .signs import HOW_MANY, NUMBER_SIGNS, concludes
from .statements import Statement

MAX_NUMBERS = 60  # the last ones of a long statement
CERTAIN = 3.0
"""The score of a claim that stands alone in a box or an answer line; others are cut to it when statements compete."""


# Words before the value inside a box: "\boxed{\text{The answer is } 12}".
_WORDS_IN_BOX = re.compile(r"^\\text\s*\{[^{}]*\b(?:answer|result|value)(?: is)?:?\s*\}\s*")
# The number is an operand of what follows: " + 4".
_OPERATES = re.compile(r"\s*[-+*/x^]\s*\d")
# The words between a value and another form of it: "0.75, or 3/4", "= 75", "that is, 75".
_EQUIVALENT = re.compile(
    r"^(?:\s*\w+){0,3}?\s*(?:,? that is,?|,? that'?s|,? namely|,? or(?: exactly| about| approximately| roughly"
    r"| more precisely)?|,? which is(?: equal to| equivalent to)?"
    r"|,? i\.e\.,?|\(or|\((?:exactly|about|approximately|i\.e\.,?)?|=|equivalent to)\s*$",
    re.I,
)
# The words after a number that may be its unit: "km/h", "square feet".
_FOLLOWING = re.compile(r"\s?-?(?:°\s?[CF]\b|[A-Za-z¢]+(?:\^\{?[23]\}?)?(?:\s?/\s?[A-Za-z]+|\s(?:per\s)?[A-Za-z]+){0,2})")
# A computation after the value: "16 weeks (16 * 15 = 240)".
_WORK_AFTER = re.compile(r"(?<=[\w%])\s+\([^()]*\d[^()]*=[^()]*\)\W*$")
# Between a value and another one: 12 "apples, or about" 13.
_JOINS = re.compile(
    r"(?P<counts>(?:\s?(?!or\b)[A-Za-z/%¢]+){0,3}),?\s+\(?or (?P<about>about |approximately |roughly |around )?"
    r"(?:(?:exactly|perhaps|maybe|even|possibly) )?",
    re.I,
)
# What a value counts: 13 "apples".
_COUNTS = re.compile(r"(?:\s?[A-Za-z/%¢]+){0,2}")
# Between two forms of an amount: 36 "cm =" 0.36 m.
_SAME_AS = re.compile(r"\s?[A-Za-z/]{1,12}\s=\s")
# What else is told of a value: "3 and 4, whose sum is 7".
_WHOSE = re.compile(r"(?<=[\d⟧%]), whose (?![^\n]*(?:\\boxed|\b(?:so|therefore|thus|hence)\b))")
_PROSE = re.compile(
    r"[A-Za-z]{3,}\s+[A-Za-z]{2,}|^(?=.*\d)(?:.*?(?<![^\W_])[^\W\d_]{2,}\s+[^\W\d_]{2,}|[^\W\d_]{2,}\s+[$€£]?\d)"
)
"""Words that make a sentence of an answer line: "the total is", or with a number, "Es sind 63"."""
_OF_A = re.compile(r"^ of an? (?=hour|day|week|year|mile|dollar|cup|gallon|lit|kilo)")
"""What joins a fraction to its unit: "three quarters of an hour"."""
# "There are none left" answers "how many" with 0.
_NONE = re.compile(
    r"\b(?:there (?:is|are|were|will be)|has|have|had|leaves?|with) (?:no|none)\b|\bnone (?:of|is|are|remain)", re.I
)
# Between two boxes that belong together: "\boxed{2}, x = \boxed{3}", "... and ...".
_LISTS_ON = re.compile(r"(?:,|\band\b|\bor\b)[^A-Za-z]*(?:[a-z](?:_\d)?\s*=\s*)?$")
_SENTENCE = re.compile(r"[\u3040-\u9fff]{2,}[^\d]*\d|\D?\d+\D*[\u3040-\u9fff]\D*\d")
"""Chinese or Japanese words before a number: "答えは12です"."""
# A number that says how a value is rounded: 2 "decimal places".
_PLACES = re.compile(r"\s(?:decimal|significant|digits?\b|d\.?p\b)")
_CORRECTED = re.compile(
    r".*(?:\.\.\.?|[,;:-])\s*(?:no,? wait|wait,? no|wait|sorry|scratch that|i mean|or rather|make that)\b[,:.]?\s*(?=.*\d)"
    r"|.*\.\.\.?\s*no\b,?\s*(?=.*\d)|.*\b(?:first|initially|originally|people|some|many|might|may),? (?:i |we )?"
    r"(?:thought|think|got|guess(?:ed)?|say|expect(?:ed)?)\b"
    r"[^.;]*\bbut\b(?=.*\d)",
    re.I | re.S,
)
"""The text before a sentence corrects itself: "27... no wait," in "27... no wait, it is 29"."""
# "The answer is (yellow)": a last resort, where there is no value.
_WORD_ANSWER = re.compile(r"\bis:?\s+(?:an?\s+)?\(?([A-Za-z][A-Za-z ]{0,30})\)?[.!]?$")


@dataclass(frozen=True)
class Choice:
    """The claim of a statement, followed by restatements of the same answer. `score` says how likely it is a claim."""

    texts: tuple[str, ...]
    score: float
    losers: tuple[tuple[str, float], ...] = ()
    """The other values of the statement with their scores."""
    unit: str = ""
    """The known unit after the first text, or ""."""
    joined: tuple[str, str] | None = None
    """The claim and the value that "or" joins to it, in their order, each with what it counts: "12", "13 apples"."""


def choose_claim(statement: Statement, question: str | None) -> Choice | None:
    """Return what a statement claims, None if it claims nothing."""
    # "Step 3" holds no value.
    text = without_step_names(statement.claim.strip())
    if corrected := _CORRECTED.match(text):
        text = text[corrected.end() :]
    if ", whose " in text:
        text = _WHOSE.split(text)[0]
    # Several boxes may be the things that a question counts; then the boxes are not the answer.
    if "\\boxed" in text and not (re.search(r"how many", asked_words(question)[0], re.I) and text.count("\\boxed") > 1):
        return _certain(_boxes(text))
    if statement.source in ("answer_line", "final_line"):
        # A line with nothing but a short value needs no scores.
        bare = tidy(_WORK_AFTER.sub("", text))
        if remarked := with_remark(bare):
            return _with_remark(*remarked)
        if exact_values(bare) or (
            len(bare) <= 60 and not _SENTENCE.match(bare) and not _PROSE.search(re.sub(r"\\[a-z]+", "", bare))
        ):
            return _certain([right_side(bare, question)])
    candidates = _candidates(text, question)
    if not candidates and HOW_MANY.search(asked_words(question)[0]) and _NONE.search(text):
        return Choice(("0",), CERTAIN)
    if not candidates and (fraction := spoken_fraction(text)):
        return _certain([fraction])
    if not candidates:
        word = _WORD_ANSWER.search(text[-200:])
        return _certain([word[1]] if word and (statement.source != "last_statement" or len(word[1]) == 1) else [])
    best = max(candidates, key=lambda candidate: candidate.score)
    texts = (best.text, *([best.rounded] if best.rounded else _restatements(text, best, candidates)))
    losers = tuple((candidate.text, candidate.score) for candidate in candidates if candidate.text not in texts)
    unit = _unit_after(text[best.quantity.end :]) if best.quantity else ""
    return Choice(texts, best.score, losers, unit, _joined(text, best, candidates) if " or " in text or "(or" in text else None)


def _joined(text: str, best: Candidate, candidates: list[Candidate]) -> tuple[str, str] | None:
    """Return the claim and the value next to it that "or" joins to it, in the order of the text, with what they count."""
    places = sorted((each for each in candidates if not text.startswith("⟦", each.start)), key=lambda each: each.start)
    for one, other in pairwise(places):
        between = _JOINS.fullmatch(text, one.start + len(one.text), other.start) if best in (one, other) else None
        if between and not _goes_on(text, one, other):
            counted = _COUNTS.match(text, other.start + len(other.text))
            about = "about " if between["about"] else ""
            return f"{one.text}{between['counts']}", f"{about}{other.text}{counted[0] if counted else ''}".rstrip()
    return None


def _unit_after(text: str) -> str:
    """Return the known unit at the beginning of a text, as many of its words as belong to it."""
    words = _FOLLOWING.match(_OF_A.sub(" ", text))
    name = words[0].strip() if words else ""
    while name and not read_unit(name):
        name = name[: max(name.rfind(" "), name.rfind("/"), 0)].rstrip()
    return name


def _certain(texts: list[str]) -> Choice | None:
    texts = [text for text in texts if text and not is_placeholder(text)]
    return Choice(tuple(texts), CERTAIN) if texts else None


def _with_remark(value: str, form: str) -> Choice:
    """Return the claim of a line with a value and another form of it, "" if there is none."""
    if not form:
        return Choice((value,), CERTAIN)
    return Choice((value, form.removeprefix("about ")), CERTAIN, joined=None if form[0] == "[" else (value, form))


def _boxes(text: str) -> list[str]:
    # The last five boxes: a solution may box every step.
    starts = [match.end() for match in re.finditer(r"\\boxed|\\fbox", text[:4000])][-5:]
    contents = [_WORDS_IN_BOX.sub("", content) for start in starts if (content := braced(text, start))]
    between = re.split(r"\\boxed|\\fbox", text)[1:-1]
    # A box that is repeated later counts once.
    contents = [content for place, content in enumerate(contents) if tidy(content) not in map(tidy, contents[place + 1 :])]
    # All boxes hold the same value in different forms: the last one counts.
    if len(contents) > 1 and frozenset.intersection(*map(exact_values, contents)):
        return contents[-1:]
    if len(contents) > 1 and all(_LISTS_ON.search(part) for part in between):
        return [", ".join(contents)]
    return [contents[-1]] if contents else []


def _candidates(text: str, question: str | None) -> list[Candidate]:
    """Return the values of a text that could be its claim; the first kind of value that is found at a place takes it."""
    asked, text = read_question(question), text[:2000]
    # Blanks of the same length keep the places of everything else.
    outside = SEGMENT.sub(lambda match: " " * len(match[0]), text)
    placed = list(pieces(text, outside, asked))
    found, taken = [candidate for candidate, _ in placed], [span for _, span in placed]
    for quantity in find_quantities(outside)[-MAX_NUMBERS:]:
        if not (any(start <= quantity.start < end for start, end in taken) or _names_precision(outside, quantity)):
            points = NUMBER_SIGNS.score(Number(quantity, outside, asked))
            found.append(Candidate(_written(outside, quantity), points, quantity.start, quantity))
    rejected = [candidate for candidate in found if is_rejected(candidate.text, candidate.start, text)]
    denied = {candidate.text for candidate in rejected}
    # "That is more than 22, so 22 are left": the second one is concluded.
    kept = [each for each in found if each.text not in denied or (each not in rejected and concludes(text[: each.start]))]
    return [candidate for candidate in kept if candidate.text]


def _names_precision(text: str, quantity: Quantity) -> bool:
    """Tell whether a number only says how a value is rounded: "two decimal places", "the nearest ten"."""
    after, before = text[quantity.end : quantity.end + 20], text[max(0, quantity.start - 9) : quantity.start]
    return bool(_PLACES.match(after)) or (quantity.word and before.lower().endswith("nearest "))


def _written(text: str, quantity: Quantity) -> str:
    """Return a number as the text writes it; "12k" as its value, since alone it could be algebra."""
    written = text[quantity.start : quantity.end].strip()
    return str(quantity.value) if written.endswith("k") else written


def _restatements(text: str, best: Candidate, candidates: list[Candidate]) -> list[str]:
    """Return values that the text gives as another form of the same answer: "or $75", "(1 hour and 35 minutes)"."""
    later = [candidate for candidate in candidates if candidate.start > best.start]
    later = [each for each in later if not _OPERATES.match(text, each.start + len(each.text))]
    before = [candidate for candidate in candidates if candidate.start < best.start][-1:]
    # "36 cm = 0.36 m".
    if before and _SAME_AS.fullmatch(text, before[0].start + len(before[0].text), text.find(best.text, best.start)):
        written = text[before[0].start : best.start].rstrip(" =")
        unit = _unit_after(text[best.quantity.end :]) if best.quantity else ""
        if _same_measure(written, f"{best.text} {unit}"):
            return [written]
    later = [each for each in later[:1] if _EQUIVALENT.match(text[best.start + len(best.text) : each.start])]
    return [each.text for each in later if not (_differ(text, best, each) or _goes_on(text, best, each))]


def _differ(text: str, one: Candidate, other: Candidate) -> bool:
    """Return whether two numbers count the same and differ by more than rounding: "350 g of flour (600 g in total)"."""
    if not (one.quantity and other.quantity) or one.quantity.percent or other.quantity.percent:
        return False
    units = [each.money or _COUNTS.match(text, each.end)[0].split()[:1] for each in (one.quantity, other.quantity)]  # type: ignore[index]
    values = one.quantity.value, other.quantity.value
    return bool(units[0]) and units[0] == units[1] and abs(values[0] - values[1]) > max(map(abs, values)) / 50


def _goes_on(text: str, one: Candidate, other: Candidate) -> bool:
    """Return whether a value is no form of the one before: "9, or 3 * 3" goes on, "12 more" compares, "4 each" shares it."""
    end = other.start + len(other.text)
    if _OPERATES.match(text, end) or DIFFERENCE.match(text, end):
        return True
    return APIECE.match(text, end) is not None and not APIECE.match(text, one.start + len(one.text))


def _same_measure(one: str, other: str) -> bool:
    """Return whether two amounts with known units are equal: "36 cm" and "0.36 m"."""
    first, second = read_value(one), read_value(other)
    if not (first.unit and second.unit) or first.unit.kind != second.unit.kind:
        return False
    sizes = [{value * found.unit.size for value in found.values if found.unit} for found in (first, second)]
    return bool(sizes[0] & sizes[1])
