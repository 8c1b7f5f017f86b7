"""Decide whether a claim matches the reference: the same mathematics, letters, yes or no, or name. Start at `judge`."""

from __future__ import annotations

import re
from fractions import Fraction

from .claims.finding import SEVERAL, Claim
from .equivalence.comparing import Outcome, compare_claims
from .equivalence.restating import may_be_same
from .kinds.options import several_letters
from .notation.question import asks
from .notation.times import is_date, same_date
from .notation.values import exact_values, tidy

# A reference that is a name: "Tuesday", "Ann Smith".
NAME = re.compile(r"(?:[A-Z][a-z]|[^\W\d_]{3,}|[\u3040-\u9fff\uac00-\ud7af]+)(?: [^\W\d_]+){0,2}")
# A division that was not carried out: "12/4", "\frac{12}{4}".
_DIVISION = re.compile(r"-?[$€£]?\d+\s*/\s*\d+|\\frac\s*\{\d+\}\s*\{\d+\}")
# A name that only says when something begins: "starting on Monday".
_BEGINNING = re.compile(r"\b(?:starting|starts|begins|beginning|since|from|before|after) (?:on )?[A-Z][a-z]+", re.I)
_ASKED_NAME = re.compile(r"(?:(?<=[\w,:] )|(?<=\n\d[.)] )|(?<=[\"'(*{]))[A-Z][a-z]+\b")
"""A capitalised word that does not merely begin a sentence: "Ann" in "Does Ann have more?"."""
# "than Bea": the other one of a comparison.
_COMPARED = re.compile(r"\bthan (?:the )?[A-Z][a-z]+(?:(?:,? and|,? or|,) [A-Z][a-z]+)*")
# "..., so": the conclusion follows.
_SO = re.compile(r"(?:[,;]|\s-)\s*(?:and )?(?:so|therefore|thus|hence)\b")
# A number and what it counts: "12 boys".
_COUNT = re.compile(r"(?<![\d.,/])(\d[\d,]*(?:\.\d+)?)\s+(?!and\b|or\b|to\b)([A-Za-z]{3,})")
# A reference of several counts: "12 boys and 18 girls".
_COUNTS_ONLY = re.compile(rf"{_COUNT.pattern}(?:(?:,|;| and|, and)\s+{_COUNT.pattern})+")
# What form a question asks for.
_AS_DECIMAL = re.compile(r"\b(?:as|to|into) an? (?:exact )?decimal\b", re.I)
_AS_FRACTION = re.compile(r"\b(?:as|to|into) an? (?:common )?fraction\b", re.I)
_AS_PRIMES = re.compile(r"\bprime factori[sz]ation|\bproduct of (?:its )?prime", re.I)
# A reference of several values: "2, -3", "2 or -3".
_SEVERAL_WANTED = re.compile(r",|\bor\b|\\pm")
# "x =" before a value.
_LEFT_SIDE = re.compile(r"^\s*[a-z]\s*=\s*")
_CALENDAR = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|September|October"
    r"|November|December"
)


def judge(claim: Claim, wanted: str, question: str | None, timeout: float) -> Outcome:
    """Compare a claim with a reference. `compare_claims` explains the outcomes."""
    if (letters := several_letters(wanted)) and letters == several_letters(claim.texts[0]):
        return "equal"
    if values := _alternatives(claim, wanted):
        return compare_claims(", ".join(values), wanted, timeout) if _SEVERAL_WANTED.search(wanted) else "unequal"
    said = claim.texts[0] if is_date(claim.texts[0]) else _SO.split(claim.statement)[-1]
    if (same := same_date(said, wanted, question)) is not None:
        return "equal" if same else "unequal"
    if NAME.fullmatch(wanted):
        if names_in(claim.statement, question) == {wanted.casefold()}:
            return "equal"
        return compare_claims(claim.texts[0], wanted, timeout)
    if len(counted := _counted(wanted)) > 1 and _COUNTS_ONLY.fullmatch(wanted) and not exact_values(wanted):
        return "equal" if _counted(claim.statement).items() >= counted.items() else "unequal"
    # "Factor x^2 - 1": the expanded form is equal, but not factored.
    if claim.texts[0].count("(") < wanted.count("(") and question and re.search(r"\bfactor", question, re.I):
        return "unequal"
    if question and _other_form(claim.texts[0], wanted, question):
        return "unequal"
    # Of an undecided claim, "3 or 4", every alternative is tried; of others, the claim and its restatement.
    texts = [part for text in claim.measured[:2] for part in SEVERAL.split(text)][:3] if claim.undecided else claim.measured[:2]
    if _left_to_divide(claim.texts[0], wanted):
        return "unequal"
    outcomes: list[Outcome] = []
    for text in texts:
        if _restated(text, wanted, question):
            outcomes.append("unequal")
            continue
        outcomes.append(compare_claims(text, wanted, timeout, question))
        if outcomes[-1] == "equal":
            return "equal"
    return outcomes[0]


def _alternatives(claim: Claim, wanted: str) -> list[str]:
    """Return the different values between which a claim does not decide, "12 or 13"; empty if it has one value or a list."""
    if claim.joined and not may_be_same(*claim.joined):
        return list(claim.joined)
    if not claim.undecided or _one_value(claim.texts) or ("," in wanted and "," in claim.texts[0]):
        return []
    return [_LEFT_SIDE.sub("", part) for part in SEVERAL.split(claim.texts[0])]


def _other_form(text: str, wanted: str, question: str) -> bool:
    """Return whether a claim has another form than asked: a fraction for a decimal, or factors that are not prime."""
    if asks(_AS_DECIMAL, question) and "." in wanted:
        return bool(re.fullmatch(r"-?\d+/\d+|\\frac.*", tidy(text)))
    if asks(_AS_FRACTION, question) and ("/" in wanted or "frac" in wanted):
        return bool(re.fullmatch(r"-?\d*\.\d+", tidy(text)))
    return asks(_AS_PRIMES, question) and _bases(text) != _bases(wanted) and bool(_bases(wanted))


def _bases(text: str) -> list[str]:
    """Return the bases of a product of powers, sorted, each as often as its exponent says; empty for anything else."""
    factors = [
        re.fullmatch(r"(\d+)(?:\^\{?(\d{1,2})\}?)?", part.strip()) for part in re.split(r"\\cdot|\\times|\*|×", tidy(text))
    ]
    return sorted(part[1] for part in factors if part for _ in range(int(part[2] or 1))) if all(factors) else []


def _counted(text: str) -> dict[str, frozenset[Fraction]]:
    """Return the numbers in a text by what they count: {"boy": {12}, "girl": {18}}."""
    found: dict[str, frozenset[Fraction]] = {}
    for number, noun in _COUNT.findall(text):
        name = noun.lower().rstrip("s")
        found[name] = found.get(name, frozenset()) | exact_values(number)
    return found


def _left_to_divide(text: str, wanted: str) -> bool:
    """Return whether the claim is a division that was not carried out while the reference is a whole number."""
    return wanted.isdigit() and bool(_DIVISION.fullmatch(tidy(text)))


def _one_value(texts: tuple[str, ...]) -> bool:
    """Return whether all alternatives are forms of one number."""
    values = [exact_values(part) for text in texts for part in SEVERAL.split(text)]
    return len(values) > 1 and bool(frozenset.intersection(*values))


def _restated(text: str, wanted: str, question: str | None) -> bool:
    """Return whether the claim is an expression copied from the question: it is no answer, even if it equals the reference."""
    if not question or exact_values(text) or len(text) < 4:
        return False
    given, asked, right = (re.sub(r"[\s$]|\\?[{}]|\\(?:left|right)", "", part) for part in (tidy(text), question, wanted))
    return given in asked and given != right


def names_in(statement: str, question: str | None) -> set[str]:
    """Return the names in a statement, in lower case: days and months that are not in the question, or else its names."""
    concluded = _SO.split(statement)[-1]
    statement = f" {concluded}" if re.search(r"\b[A-Z][a-z]+", concluded) else statement
    words = set(re.findall(r"\b[A-Z][a-z]+\b", _COMPARED.sub("", _BEGINNING.sub("", statement))))
    asked = set(_ASKED_NAME.findall(question or ""))
    named = {word for word in words - asked if _CALENDAR.fullmatch(word)} or words & asked
    return {word.casefold() for word in named}
