"""The state that flows through every graph, its parts, its input and its output.

All values are plain (str, numbers, lists, dicts): they pass through checkpoints, servers and MLflow unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NotRequired, Protocol, Required

from pydantic import Field
from typing_extensions import TypedDict

from ..verification.verdicts import Source, Status

Role = Literal["teacher", "student"]


class RoleUsage(TypedDict):
    """Calls and tokens of one role; `unknown` counts the calls whose model reported no tokens."""

    calls: int
    input_tokens: int
    output_tokens: int
    unknown: int


Usage = dict[str, RoleUsage]
"""`RoleUsage` by role ("teacher", "student")."""


def add_usage(left: Usage | None, right: Usage | None) -> Usage:
    """Add two usages role by role."""
    total: Usage = dict(left or {})
    for role, counts in (right or {}).items():
        known = total.get(role) or RoleUsage(calls=0, input_tokens=0, output_tokens=0, unknown=0)
        total[role] = RoleUsage(
            calls=known["calls"] + counts["calls"],
            input_tokens=known["input_tokens"] + counts["input_tokens"],
            output_tokens=known["output_tokens"] + counts["output_tokens"],
            unknown=known["unknown"] + counts["unknown"],
        )
    return total


class Flag(TypedDict):
    """What a reviewer should know of a decomposition: `kind` is one of `nodes.flags.FLAG_KINDS`."""

    kind: str
    detail: str
    step: int | None
    """Index into `steps`, from 0; None where the whole list is meant."""


class ReviewRecord(TypedDict):
    """One decision on a decomposition."""

    decision: Literal["approve", "edit", "reject"]
    comment: str
    reviewer: str
    steps: list[str]
    """The steps that were shown."""
    edit_distance: int
    """Words that the reviewer put in, took out or replaced."""
    seconds: NotRequired[float]
    """Time that the reviewer took, if the reviewing program knows it."""


class Program(TypedDict):
    """A program of the student: its source, the value that it returned, and why there is no answer ("" if there is one)."""

    source: str
    value: str
    error: str


class Escalation(TypedDict):
    """A rung of a ladder that was reached, and why: the signal that sent the problem there."""

    rung: str
    reason: str
    answer: NotRequired[str | None]
    """The answer that was left behind."""


class Solution(TypedDict):
    """One sampled solution of the student. `answer` is extracted without the reference; None if there is none."""

    text: str
    answer: str | None
    finish_reason: str | None
    step_texts: list[str]
    """The replies of the single steps in mode `sequential`, else empty."""
    program: NotRequired[Program]
    """Where the student wrote one."""
    probability: NotRequired[float]
    """Geometric mean of the probabilities of the answer's tokens (of a program: all), where the model gives them."""


class LoserValues(TypedDict):
    """`verification.Loser` as plain values."""

    answer: str
    sentence: str
    score: float


class VerdictValues(TypedDict):
    """`verification.Verdict` as plain values."""

    status: Status
    answer: str | None
    source: Source | None
    strict: bool | None
    reference: str | None
    sentence: str | None
    losers: Sequence[LoserValues]


class EquationValues(TypedDict):
    """`verification.Equation` as plain values."""

    text: str
    ok: bool
    correct: str
    line: int


class StepCheckValues(TypedDict):
    """`verification.StepCheck` as plain values."""

    step: int
    status: Literal["carried_out", "skipped", "contradicted"]
    evidence: str


class CheckValues(TypedDict):
    """`verification.SolutionCheck` as plain values."""

    status: Literal["consistent", "inconsistent", "unchecked"]
    equations: Sequence[EquationValues]
    first_wrong: int | None
    summary: str
    steps: Sequence[StepCheckValues]


class TraceInput(TypedDict, total=False):
    """Input of every graph."""

    question: Required[Annotated[str, Field(description="The problem in words, with all numbers that it needs.")]]
    problem_id: Annotated[str, Field(description="A name for the problem in traces and reviews.")]
    reference: Annotated[
        str | None,
        Field(description="The known answer, if any. Only verify uses it, and decompose to flag leakage for a reviewer."),
    ]
    domain: Annotated[str, Field(description="A subject, such as math, for traces.")]


class TraceOutput(TypedDict, total=False):
    """Output of every graph; what every finished run has is required."""

    question: Required[str]
    problem_id: str
    answer: Required[str | None]
    status: Required[Status]
    steps: list[str]
    flags: list[Flag]
    reviews: list[ReviewRecord]
    solution: Required[str]
    solutions: Required[list[Solution]]
    verdict: Required[VerdictValues]
    check: Required[CheckValues]
    """What the solution's own arithmetic says, never the reference."""
    program: Program | None
    """The program behind the solution, if there is one."""
    hint: str
    """The beginning that the teacher gave, in mode `hint`."""
    rung: str
    """The rung of the ladder that gave the answer."""
    escalations: list[Escalation]
    """The rungs that were reached, in order, each with its reason."""
    attempts: Required[int]
    agreement: float
    """Share of the samples that gave the winning answer, from 0 to 1."""
    usage: Required[Usage]


class TraceState(TraceOutput, total=False):
    """Everything that a run knows."""

    reference: str | None
    domain: str
    decomposition: str
    """The teacher's reply as it came."""
    teacher_steps: list[str]
    """The steps before a reviewer's edit."""
    teacher_finish_reason: str | None
    teacher_solution: str
    """The teacher's own solution, if it was asked for one."""
    rejected: bool
    """True from a rejection until the teacher's next steps."""
    revisions: int
    """How often the teacher was asked again."""
    retry_reason: str
    """Why solve runs again, in words for the student; empty if it does not."""


class Node(Protocol):
    """A node that asks no model: it takes the state and returns what it changes."""

    def __call__(self, state: TraceState) -> dict[str, Any]: ...  # noqa: D102
