"""Verifiers judge responses, extract answers without a reference, and compare two answers.

Mathematics is the default. `choice`, `exact`, `numeric` and `program` are for other domains, and `as_verifier` makes a verifier
from a function of your own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..foundation.arguments import need_number, need_text
from .answers import answers_equal, extract_answer, verify_answer
from .claims.finding import read_response
from .kinds.options import REFERENCE, pick_letter, read_options
from .notation.references import read_reference
from .notation.values import exact_values, tidy
from .program_values import same_value
from .verdicts import Extracted, Verdict

# "Answer: 12", "The final answer is: 12".
_LINE = re.compile(r"^\W*(?:the )?(?:final |my |correct )*answer(?: is)?\W*?[:=]\W*?(?=\S)(.*)$", re.I | re.M)


@runtime_checkable
class Verifier(Protocol):
    """Judges the responses of one domain.

    A graph votes with `extract` and `equal`, and retries if `extract` finds nothing. Neither gets the reference.
    """

    def verify(self, response: str, reference: str | None, *, question: str | None = None) -> Verdict:
        """Return the verdict on a response."""

    def extract(self, response: str, *, question: str | None = None) -> Extracted | None:
        """Return the final answer of a response; None if it gives none."""

    def equal(self, a: str, b: str) -> bool:
        """Return whether two answers are equal."""


@dataclass(frozen=True)
class Parts:
    """A verifier made of two functions: `find` extracts the answer, `same` compares two answers."""

    name: str
    find: Callable[[str, str | None], str | None]
    same: Callable[[str, str], bool]

    def verify(self, response: str, reference: str | None, *, question: str | None = None) -> Verdict:
        """Compare the claim with the reference; without a reference the status is `unchecked`."""
        claim = self.find(response, question)
        wanted = read_reference(str(reference)) if reference is not None and str(reference).strip() else None
        if reference is None or not str(reference).strip():
            return Verdict("unchecked", claim)
        if wanted is None:
            return Verdict("bad_reference", claim)
        if claim is None:
            return Verdict("no_answer", reference=wanted)
        right = self.same(claim, self._as_claimed(wanted, question))
        return Verdict("correct" if right else "incorrect", claim, "answer_line", None, wanted, claim)

    def extract(self, response: str, *, question: str | None = None) -> Extracted | None:
        """Return the claim."""
        claim = self.find(response, question)
        return Extracted(claim, "answer_line") if claim is not None else None

    def equal(self, a: str, b: str) -> bool:
        """Compare two claims."""
        need_text("a", a)
        need_text("b", b)
        return self.same(a, b)

    def _as_claimed(self, wanted: str, question: str | None) -> str:
        # A reference may be the text of an option instead of its letter.
        if self.name != "choice" or REFERENCE.fullmatch(wanted):
            return wanted
        return read_options(question).letter_of(answers_equal, wanted) or wanted

    def __repr__(self) -> str:
        """Return its name."""
        return self.name


@dataclass(frozen=True)
class Mathematics:
    """Mathematics in free form, see `verify_answer`; `timeout` is the seconds for one comparison that needs sympy."""

    timeout: float = 5.0

    def verify(self, response: str, reference: str | None, *, question: str | None = None) -> Verdict:
        """Return the verdict of `verify_answer`."""
        return verify_answer(response, reference, question=question, timeout=self.timeout)

    def extract(self, response: str, *, question: str | None = None) -> Extracted | None:
        """Return the claim that `extract_answer` finds."""
        return extract_answer(response, question=question)

    def equal(self, a: str, b: str) -> bool:
        """Compare as `answers_equal` does."""
        return answers_equal(a, b, timeout=self.timeout)

    def __repr__(self) -> str:
        """Return its name."""
        return "mathematics"


def last_line(response: str, question: str | None = None) -> str | None:
    """Return the text after the last "Answer:" of a response, or its last line; None if that is empty."""
    text = read_response(response).text
    found = _LINE.findall(text)
    lines = [line for line in text.splitlines() if line.strip()]
    claim = tidy(found[-1] if found else lines[-1] if lines else "")
    return claim or None


def numeric(tolerance: float = 1e-6, *, absolute: float = 0.0) -> Verifier:
    """Return a verifier for numbers that need only be close to the reference.

    Args:
        tolerance: accepted relative difference, as a share of the larger of the two numbers.
        absolute: accepted absolute difference, in units of the answer.

    Raises:
        TypeError: a tolerance is no number.
        ValueError: a tolerance is negative.
    """
    need_number("tolerance", tolerance)
    need_number("absolute", absolute)

    def same(a: str, b: str) -> bool:
        pairs = ((x, y) for x in exact_values(a) for y in exact_values(b))
        return any(abs(x - y) <= max(tolerance * max(abs(x), abs(y)), absolute) for x, y in pairs)

    return Parts(f"numeric(tolerance={tolerance})", _claimed, same)


def _claimed(response: str, question: str | None) -> str | None:
    found = extract_answer(response, question=question)
    return found.answer if found else None


def _letter(response: str, question: str | None) -> str | None:
    """Return the picked letter, or the letter of the option whose text is claimed."""
    options = read_options(question)
    if pick := pick_letter(read_response(response, question).text):
        return pick.letter
    claim = _claimed(response, question)
    letter = REFERENCE.fullmatch(claim) if claim else None
    return letter[1] if letter else options.letter_of(answers_equal, claim) if claim else None


def _same_letter(a: str, b: str) -> bool:
    letters = [match[1] if (match := REFERENCE.fullmatch(text.strip())) else text.strip() for text in (a, b)]
    return letters[0].casefold() == letters[1].casefold()


def _same_text(a: str, b: str) -> bool:
    return " ".join(a.split()).rstrip(".").casefold() == " ".join(b.split()).rstrip(".").casefold()


mathematics: Verifier = Mathematics()
"""Numbers, expressions, sets, matrices, times, units, choices and yes or no; the default."""
choice: Verifier = Parts("choice", _letter, _same_letter)
"""Multiple choice by letter; the options are read from the question, so that an option's text counts as its letter."""
exact: Verifier = Parts("exact", last_line, _same_text)
"""The last line, or the text after "Answer:"; only spacing, case and a full stop may differ."""
program: Verifier = Parts("program", last_line, same_value)
"""The value of a program: numbers are compared to 9 digits, lists, tuples and dicts part by part, text exactly."""


def verifier_named(name: str) -> Verifier:
    """Return a shipped verifier: mathematics, choice, exact, program, numeric, or numeric:TOLERANCE.

    Raises:
        TypeError: the name is no text.
        ValueError: there is no such verifier, or the tolerance is not a number of at least 0.
    """
    need_text("name", name)
    shipped = {"mathematics": mathematics, "choice": choice, "exact": exact, "program": program, "numeric": numeric()}
    kind, colon, tolerance = name.partition(":")
    if kind == "numeric" and colon:
        try:
            return numeric(float(tolerance))
        except ValueError as error:
            raise ValueError(
                f"verifier {name!r}: {tolerance!r} is not a tolerance; use a number such as numeric:0.01"
            ) from error
    if name not in shipped:
        raise ValueError(f"verifier {name!r} is unknown; use {', '.join(shipped)} or numeric:TOLERANCE")
    return shipped[name]
