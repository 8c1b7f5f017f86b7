"""The verdict on a response: find the claim, compare it with the reference."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .claims.choosing import CERTAIN, choose_claim
from .claims.echoes import is_echo
from .claims.references import read_reference
from .claims.statements import MAX_RESPONSE, Statement, has_value, rank_statements, split_statements
from .equivalence.comparing import Outcome, compare_claims
from .notation.clean import clean
from .notation.values import exact_values, tidy
from .steps.solutions import check_solution
from .verdicts import Extracted, Source, Verdict

_STRICT_LINE = re.compile(r"^\s*\**\s*Answer\s*:\s*\**\s*(\S.*?)?\s*\**\s*$", re.I)
_NO_ANSWER = re.compile(r"^\W*(?:none|n/?a|unknown|i don'?t know|not sure|\.{2,}|cannot be determined|\?+)\W*$", re.I)
_NAME = re.compile(r"[A-Za-z][a-z]{2,}(?: [A-Za-z]+){0,2}")
VALUE = 0.4
"""How much the likeliest value of a statement says about the statement; the rest is how it is put."""
_DIVISION = re.compile(r"-?[$€£]?\d+\s*/\s*\d+|\\frac\s*\{\d+\}\s*\{\d+\}")
_BEGINNING = re.compile(r"\b(?:starting|starts|begins|beginning|since|from|before|after) (?:on )?[A-Z][a-z]+", re.I)
_CALENDAR = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|September|October"
    r"|November|December"
)
_SEVERAL = re.compile(r"(?:^|\s)or(?:\s|$)|\beither\b")


@dataclass(frozen=True)
class _Claim:
    texts: tuple[str, ...]
    source: Source
    undecided: bool = False
    statement: str = ""


def verify_answer(response: str, reference: str | None, *, question: str | None = None, timeout: float = 5.0) -> Verdict:
    """Return the verdict on a response.

    Args:
        response: what the student wrote.
        reference: the known answer, plain or as GSM8K and MATH give it; None or blank for a check of the arithmetic alone.
        question: helps to tell the asked quantity from restated ones.
        timeout: seconds for a comparison that needs sympy; starting a worker (once) is not counted.
    """
    claim = _find_claim(response, question)
    answer, source = (claim.texts[0], claim.source) if claim else (None, None)
    if reference is None or not str(reference).strip():
        return Verdict(check_solution(response).status, answer, source)
    wanted = read_reference(str(reference))
    if wanted is None:
        return Verdict("bad_reference", answer, source)
    if claim is None:
        return Verdict("no_answer", None, None, False, wanted)
    outcome = _compare(claim, wanted, question, timeout)
    if outcome in ("timeout", "bad_reference"):
        return Verdict(outcome, answer, source, None, wanted)
    right = outcome == "equal"
    return Verdict("correct" if right else "incorrect", answer, source, right and source == "final_line", wanted)


def extract_answer(response: str, *, question: str | None = None) -> Extracted | None:
    """Return what a response finally claims, or None; there is no way to show it a reference."""
    claim = _find_claim(response, question)
    return Extracted(claim.texts[0], claim.source) if claim else None


def answers_equal(a: str, b: str, *, timeout: float = 5.0) -> bool:
    """Tell whether two answers are the same mathematics ("1/2" and "0.5"); what cannot be told in time counts as different."""
    if a.strip() == b.strip():
        return True
    return compare_claims(clean(a), clean(b), timeout) == "equal"


def _find_claim(response: str, question: str | None) -> _Claim | None:
    text = clean(response[-MAX_RESPONSE:])
    lines = [line for line in text.split("\n") if line.strip()]
    while lines and is_echo(lines[-1]):
        lines.pop()
    strict = _STRICT_LINE.match(lines[-1][:2000]) if lines else None
    if strict:
        content = strict[1] or ""
        if not content or _NO_ANSWER.match(content):
            return None
        chosen = next((part for part in reversed(split_statements(content)) if has_value(part)), content)
        choice = choose_claim(Statement(chosen, chosen, "final_line", 0), question)
        texts = choice.texts if choice else (tidy(content),)
        return _Claim(texts, "final_line", bool(_SEVERAL.search(content)), content)
    best: tuple[float, _Claim] | None = None
    for statement in rank_statements(text, question)[:4]:
        if best and best[0] >= statement.score + VALUE * CERTAIN:
            break
        if choice := choose_claim(statement, question):
            total = statement.score + VALUE * max(-CERTAIN, min(CERTAIN, choice.score))
            if best is None or total > best[0]:
                best = total, _Claim(choice.texts, statement.source, statement.undecided, statement.text)
    return best[1] if best else None


def _compare(claim: _Claim, wanted: str, question: str | None, timeout: float) -> Outcome:
    if claim.undecided and not _one_value(claim.texts):
        return "unequal"
    if _NAME.fullmatch(wanted):
        return (
            "equal"
            if _names(claim.statement, question) == {wanted.casefold()}
            else compare_claims(claim.texts[0], wanted, timeout)
        )
    if question and re.search(r"\bfactor", question, re.I) and claim.texts[0].count("(") < wanted.count("("):
        return "unequal"
    texts = [part for text in claim.texts[:2] for part in _SEVERAL.split(text)][:3] if claim.undecided else claim.texts[:2]
    outcomes: list[Outcome] = []
    if _left_to_divide(texts[0], wanted):
        return "unequal"
    for text in texts:
        if _restated(text, wanted, question):
            outcomes.append("unequal")
            continue
        outcomes.append(compare_claims(text, wanted, timeout))
        if outcomes[-1] == "equal":
            return "equal"
    return outcomes[0]


def _left_to_divide(text: str, wanted: str) -> bool:
    """Tell whether a whole number was asked and a division is given that was not carried out."""
    return wanted.isdigit() and bool(_DIVISION.fullmatch(tidy(text)))


def _one_value(texts: tuple[str, ...]) -> bool:
    """Tell whether alternatives are forms of one number."""
    values = [exact_values(part) for text in texts for part in _SEVERAL.split(text)]
    return len(values) > 1 and bool(frozenset.intersection(*values))


def _restated(text: str, wanted: str, question: str | None) -> bool:
    """An expression copied from the question is no answer, even where it equals the reference."""
    if not question or exact_values(text) or len(text) < 4:
        return False
    given, asked, right = (re.sub(r"[\s{}$]|\\(?:left|right)", "", part) for part in (tidy(text), question, wanted))
    return given in asked and given != right


def _names(statement: str, question: str | None) -> set[str]:
    """Return the capitalised words of a statement that the question has as well; else its days and months."""
    words = set(re.findall(r"(?<!^)\b[A-Z][a-z]+\b", _BEGINNING.sub("", statement)))
    asked = set(re.findall(r"\b[A-Z][a-z]+\b", question or ""))
    named = {word for word in words - asked if _CALENDAR.fullmatch(word)} or words & asked
    return {word.casefold() for word in named}
