"""The signs that make a statement more or less likely to be the conclusion, each with a reason and an example."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..notation.asked import content_words
from ..verdicts import Source
from .echoes import tells_of_another
from .phrases import (
    ANOTHER_WAY,
    ANSWER_IS,
    ASIDE,
    BARE_MARKER,
    COMPARES,
    CONCLUSION,
    CONFIRMED,
    CORRECTION,
    FOREIGN_ANSWER_IS,
    FOREIGN_CONCLUSION,
    FOREIGN_LINE,
    HYPOTHETICAL,
    IMPERATIVE,
    INDIRECT,
    LINE,
    REFERS_BACK,
    TEMPTING,
    THAT_IS_IT,
    Phrase,
    names_value,
)
from .places import Place, all_given, is_told_before, sizes_in
from .weighing import Sign, Table, table

_EXPLICIT = ("box", "answer_line")  # the claim is explicit whatever the statement says around it
# "If we had used 3, ...", "If he had not taken a break, ...": not what the question supposes.
_COUNTERFACTUAL = re.compile(r"\bif (?:(?:i|we|you|one) (?:had|were)|(?:he|she|it|they) (?:had|were)(?: not|n't))\b", re.I)
# After "the answer is": a number, or a last word such as "Tuesday".
_VALUE_AFTER = re.compile(r"[\d⟦]|\b(?!two\b)\w+\W*$")
# "(3 apples were left over)".
_ALL_IN_PARENTHESES = re.compile(r"\((?:[^()\s]+ ){2,}[^()]+\)\W*")
# "Total bill: $45".
_LABEL = re.compile(r"\W{0,3}([A-Za-z][A-Za-z' ]{1,30}):\s*\S")
# What follows is an example also if it ends in a result.
_EXAMPLE = ("for example", "for instance", "e.g.")
_SUMMING = ("together", "altogether", "this means")
# "3 * 4 = 12 apples."
_ENDS_IN_RESULT = re.compile(r"[=:]\s*\$?-?[\d.,]+\W*\w*\W*$")


@dataclass(slots=True)
class Kind:
    """How a statement presents its value: the source of the answer, the kind of mark, and the text of the claim."""

    source: Source
    mark: str
    claim: str


@dataclass(slots=True)
class Placed:
    """A statement that could be the conclusion."""

    place: Place
    kind: Kind
    distance: int
    """Number of statements with a value after this one."""

    @property
    def asked_share(self) -> float:
        """Share of the asked words in the statement, from 0 to 1; 0 if the claim is explicit."""
        asked = self.place.around.asked
        if not asked or self.kind.source in _EXPLICIT:
            return 0.0
        return len(asked & content_words(self.place.text)) / len(asked)

    def marked(self, mark: str) -> bool:
        """Return whether it presents its value in a certain way."""
        return self.kind.mark == mark


_MARKS = {
    "box": "a box",
    "answer": "a line with the answer",
    "result": "a line with a result",
    "heading": "it stands below a heading for the answer",
    "sentence": "it says what the answer is",
    "conclusion": "it begins as a conclusion",
}
CONCLUSION_SIGNS: Table[Placed] = table(
    "conclusion",
    (
        Sign("a box", lambda p: p.marked("box"), r"\boxed{12}"),
        Sign("a line with the answer", lambda p: p.marked("answer"), "Answer: 12"),
        Sign("a line with a result", lambda p: p.marked("result"), "Result: 12"),
        Sign("it stands below a heading for the answer", lambda p: p.marked("heading"), "Final answer / 12"),
        Sign("it says what the answer is", lambda p: p.marked("sentence"), "The answer is 12."),
        Sign("the reply begins with the value alone", lambda p: p.place.first, "20 apples. He has 12 and"),
        Sign("it begins as a conclusion", lambda p: p.marked("conclusion"), "Therefore, she has 12."),
        Sign("it has the words that were asked", lambda p: p.asked_share, "she pays in total"),
        Sign("its label is what was asked", lambda p: _labelled(p), "Total bill: $45, where the total bill is asked"),
        Sign("for each statement with a value after it", lambda p: p.distance),  # two more such sentences follow
        Sign("it is the last one with a value", lambda p: p.distance == 0),  # the last line with a number
        Sign(
            "a correction supersedes what stands before it",
            lambda p: p.place.corrected or p.place.has(CORRECTION),
            "Wait, it is 14.",
        ),
        Sign(
            "the next sentence calls it the answer",
            lambda p: "that" in p.place.after[:9].lower() and _found(THAT_IS_IT, p.place.after),
            "That's the answer.",
        ),
        Sign("an example, a check or an instruction, unless it ends in a result", lambda p: _aside(p), "Check: 3 * 4"),
        Sign("it confirms what was said before", lambda p: p.place.has(CONFIRMED), "the answer 12 is correct"),
        Sign("it only tells what has been found or is to be", lambda p: p.place.has(INDIRECT), "now we know how many"),
        Sign("it supposes what the question does not", lambda p: _supposes(p), "if it were 5, it would be 12"),
        Sign("it tells what one could think", lambda p: p.place.has(TEMPTING), "one might think 12"),
        Sign("it tells of another way", lambda p: p.place.has(ANOTHER_WAY), "Alternatively, you could"),
        Sign("it compares with another case", lambda p: p.place.has(COMPARES), "For comparison, a longer ride costs 54."),
        Sign("it refers back to the value", lambda p: p.place.has(REFERS_BACK), "which together make up that amount"),
        Sign(
            "it tells of another case than the question",
            lambda p: _of_another_case(p),
            "a 20-mile ride, where 14-mile is asked",
        ),
        Sign(
            "it tells the parts of a sum that was told before", lambda p: p.place.of_parts, "They pay 69. Ann pays 39, Bob 30."
        ),
        Sign(
            "an earlier one says what was asked, in its words",
            lambda p: _may_remark(p) and is_told_before(p.place),
            "12 apples are left. At first there were 20 apples.",
        ),
        Sign(
            "it concludes with numbers of the question",
            lambda p: p.marked("conclusion") and all_given(p.place),
            "So she should choose the one for $5,000.",
        ),
        Sign(
            "the sentence before says the same of what was asked",
            lambda p: _of_another(p),
            "The girls are 14. The boys are 26.",
        ),
        Sign("it says what to do", lambda p: _instructs(p), "Multiply 3 by 4."),
        Sign("a colon announces the value that follows", lambda p: _announces(p), "The cost is then:"),
        Sign("a question, or a step of a check", lambda p: _asks_or_checks(p), "Is it 12?"),
    ),
)


def most(placed: Placed) -> float:
    """Return an upper bound of a statement's score without searching for phrases: only signs with positive weights count."""
    weight = CONCLUSION_SIGNS.by_sign
    bound = weight[_MARKS[placed.kind.mark]] if placed.kind.mark else 0.0
    bound += placed.distance * weight["for each statement with a value after it"]
    bound += weight["it has the words that were asked"] * (placed.kind.source not in _EXPLICIT)
    bound += weight["it is the last one with a value"] * (placed.distance == 0)
    bound += weight["its label is what was asked"] * (":" in placed.place.text[:40])
    bound += weight["the reply begins with the value alone"] * placed.place.first
    bound += weight["a correction supersedes what stands before it"] * (
        placed.place.corrected or id(CORRECTION) in placed.place.around.phrases
    )
    return bound + weight["the next sentence calls it the answer"] * ("that" in placed.place.after[:9].lower())


def kind_of(place: Place) -> Kind:
    """Return how a statement presents its value; the most explicit way wins."""
    text = place.text
    if "\\boxed" in text:
        return Kind("box", "box", text)
    marked = ":" in text or "####" in text
    if marked and (line := place.search(LINE)):
        return Kind("answer_line", "answer" if "answer" in place.low or "####" in place.low else "result", line["claim"])
    if (marked or "=" in text) and (line := place.search(FOREIGN_LINE)):
        return Kind("answer_line", "answer", line["claim"])
    if id(BARE_MARKER) in place.around.phrases and _found(BARE_MARKER, place.before):
        return Kind("answer_line", "heading", text)
    if found := place.search(ANSWER_IS) or place.search(FOREIGN_ANSWER_IS):
        claim = text[found.end() :]
        if _VALUE_AFTER.search(claim) and (names_value(claim) or _found(LINE, claim)):
            return Kind("concluding_sentence", "sentence", claim)
    if place.search(CONCLUSION) or place.search(FOREIGN_CONCLUSION):
        return Kind("concluding_sentence", "conclusion", text)
    return Kind("last_statement", "", text)


def _found(phrase: Phrase, text: str) -> bool:
    return phrase.search(text, text.lower()) is not None


def _supposes(placed: Placed) -> bool:
    around = placed.place.around
    return placed.place.has(HYPOTHETICAL) and (not around.supposed or bool(_COUNTERFACTUAL.search(placed.place.text)))


def _labelled(placed: Placed) -> bool:
    if placed.place.around.differs:
        return False
    label = _LABEL.match(placed.place.text)
    words = content_words(label[1]) if label and not placed.kind.mark else frozenset()
    return bool(words) and words <= placed.place.around.asked


def _announces(placed: Placed) -> bool:
    return placed.place.text.endswith(":") and placed.kind.source != "box"


def _aside(placed: Placed) -> bool:
    place = placed.place
    if placed.kind.source != "last_statement":
        return False
    if not place.has(ASIDE):
        return _ALL_IN_PARENTHESES.fullmatch(place.text) is not None
    return place.low.startswith(_EXAMPLE) or not _ENDS_IN_RESULT.search(place.text)


def _asks_or_checks(placed: Placed) -> bool:
    return placed.place.text.endswith("?") or (placed.place.checking and placed.kind.source not in _EXPLICIT)


def _instructs(placed: Placed) -> bool:
    place = placed.place
    return placed.kind.source not in _EXPLICIT and place.has(IMPERATIVE) and not _ENDS_IN_RESULT.search(place.text)


def _may_remark(placed: Placed) -> bool:
    """Return whether a statement may be a remark on a conclusion before it: it is unmarked, or sums, or explains."""
    summing = placed.marked("conclusion") and placed.place.low.startswith(_SUMMING)
    return (summing or not placed.kind.mark) and not placed.place.corrected


def _of_another(placed: Placed) -> bool:
    place = placed.place
    return placed.kind.source not in _EXPLICIT and tells_of_another(place.text, place.before, place.around.asked)


def _of_another_case(placed: Placed) -> bool:
    sizes = placed.place.around.sizes
    if not sizes or "-" not in placed.place.text:
        return False
    told = sizes_in(placed.place.text)
    return any(unit in sizes and number not in sizes[unit] for number, unit in told) and not any(
        number in sizes.get(unit, ()) for number, unit in told
    )
