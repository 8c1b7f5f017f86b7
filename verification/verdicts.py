"""The results of verification, as frozen data classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..foundation.statuses import Status

Source = Literal["final_line", "answer_line", "box", "concluding_sentence", "last_statement"]
"""Where an answer was found: the final line that the prompt asks for, another answer line, a box, a concluding sentence, or
the last statement with a value."""


@dataclass(frozen=True)
class Extracted:
    """The final answer of a response, found without a reference."""

    answer: str
    source: Source


@dataclass(frozen=True)
class Loser:
    """A candidate for the final answer that was not chosen, with its sentence and its score."""

    answer: str
    sentence: str
    score: float


@dataclass(frozen=True)
class Verdict:
    """The verdict on a response.

    Attributes:
        status: with a reference `correct`, `incorrect`, `no_answer`, `timeout` or `bad_reference`; without one `consistent`,
            `inconsistent` or `unchecked`.
        answer: the final answer; None if there is none.
        source: where the answer was found; None if there is none, and for the value of a program.
        strict: whether the answer is right and in a last line `Answer: ...`; None if it was not judged, as for a program.
        reference: the final answer in the reference.
        sentence: the sentence that the answer was taken from.
        losers: candidates that were not chosen.
    """

    status: Status
    answer: str | None = None
    source: Source | None = None
    strict: bool | None = None
    reference: str | None = None
    sentence: str | None = None
    losers: tuple[Loser, ...] = ()


@dataclass(frozen=True)
class Equation:
    """An equation that a solution states; `correct` is the exact value of its left side, as text."""

    text: str
    ok: bool
    correct: str
    line: int
    """The line of the solution, from 0."""


@dataclass(frozen=True)
class StepCheck:
    """Whether a step of the teacher was carried out: a sign for a reader, not a proof.

    `evidence` is the line or the wrong equation that shows it. A step is `skipped` if it asks for an operation that the
    solution does nowhere, and `unknown` if it asks for none and no line shares its words.
    """

    step: int
    """Index into the list of steps, from 0."""
    status: Literal["carried_out", "skipped", "contradicted", "unknown"]
    evidence: str


@dataclass(frozen=True)
class SolutionCheck:
    """Result of checking a solution's own arithmetic. `first_wrong` is an index into `equations`; None if all hold."""

    status: Literal["consistent", "inconsistent", "unchecked"]
    equations: tuple[Equation, ...] = ()
    first_wrong: int | None = None
    summary: str = ""
    steps: tuple[StepCheck, ...] = ()
