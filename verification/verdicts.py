"""What verification says: plain frozen values that pass through checkpoints, servers and MLflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..foundation.statuses import Status

Source = Literal["final_line", "answer_line", "box", "concluding_sentence", "last_statement"]
"""How an answer was found: the line that the prompt asks for, another such line, a box, a concluding or the last statement."""


@dataclass(frozen=True)
class Extracted:
    """What a response finally claims, found without any reference."""

    answer: str
    source: Source


@dataclass(frozen=True)
class Loser:
    """A candidate that was not taken as the claim: the sentence it stands in, and its score where it has one."""

    answer: str
    sentence: str
    score: float


@dataclass(frozen=True)
class Verdict:
    """What a response is worth.

    `status` is one of `correct`, `incorrect`, `no_answer`, `timeout`, `bad_reference` with a reference, and of `consistent`,
    `inconsistent`, `unchecked` without one. `source` says how the answer was found, see `Source`. `strict` is True if the
    last line is `Answer: ...` and right, None where right and wrong cannot be told. `reference` is the reference as parsed.
    `sentence` is the one that the answer was taken from, `losers` are the candidates that were not taken.
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
    """Whether a step of the teacher's list was carried out; `status` is one of carried_out, skipped, contradicted."""

    step: int
    """Index into the list of steps, from 0."""
    status: Literal["carried_out", "skipped", "contradicted"]
    evidence: str


@dataclass(frozen=True)
class SolutionCheck:
    """What a solution's own arithmetic says; `first_wrong` is an index into `equations`."""

    status: Literal["consistent", "inconsistent", "unchecked"]
    equations: tuple[Equation, ...] = ()
    first_wrong: int | None = None
    summary: str = ""
    steps: tuple[StepCheck, ...] = ()
