"""The state that flows through every graph: its input, its output and their parts.

All values are plain (str, numbers, lists, dicts), because they pass through checkpoints, servers and MLflow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NotRequired, Protocol, Required

from pydantic import Field
from typing_extensions import TypedDict

from ..verification.verdicts import Source, Status

Role = Literal["teacher", "student"]


class RoleUsage(TypedDict):
    """Calls and tokens of one role. `unknown` counts the calls whose model reported no tokens."""

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
    """What a reviewer should know about a decomposition. `kind` is one of `nodes.flags.FLAG_KINDS`."""

    kind: str
    detail: str
    step: int | None
    """Index into `steps`, from 0; None if the flag concerns the whole reply."""


class ReviewRecord(TypedDict):
    """A reviewer's decision on a step list."""

    decision: Literal["approve", "edit", "reject"]
    comment: str
    reviewer: str
    steps: list[str]
    """The steps that were shown."""
    edit_distance: int
    """Words that the reviewer inserted, deleted or replaced."""
    seconds: NotRequired[float]
    """Seconds that the reviewer took, if the reviewing program measures them."""


class Program(TypedDict):
    """A student's program: its source, the value that it returned, and why there is no answer ("" if there is one)."""

    source: str
    value: str
    error: str


class Escalation(TypedDict):
    """A rung of a ladder that was reached, with the signal that sent the problem there."""

    rung: str
    reason: str
    answer: NotRequired[str | None]
    """The answer of the rung before."""


class Solution(TypedDict):
    """One sampled solution of the student. `answer` is extracted without the reference; None if it gives none."""

    text: str
    answer: str | None
    finish_reason: str | None
    step_texts: list[str]
    """The replies to the single steps in mode `sequential`; empty in other modes."""
    program: NotRequired[Program]
    """The program, in ways that ask for one."""
    probability: NotRequired[float]
    """Geometric mean of the probabilities (0 to 1) of the answer's tokens (of a program: all), where the model gives them."""


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
    status: Literal["carried_out", "skipped", "contradicted", "unknown"]
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
    """Output of every graph. The required keys are those that every finished run has."""

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
    """Check of the solution's own arithmetic, without the reference."""
    program: Program | None
    """The program behind the solution, if there is one."""
    hint: str
    """Mode `hint`: the beginning of the teacher's solution that the student continued."""
    rung: str
    """The rung of the ladder that gave the answer."""
    escalations: list[Escalation]
    """The rungs that were reached, in order, each with its reason."""
    attempts: Required[int]
    agreement: float
    """Share of the samples that gave the winning answer, from 0 to 1."""
    usage: Required[Usage]


class TraceState(TraceOutput, total=False):
    """The whole state of a run."""

    reference: str | None
    domain: str
    decomposition: str
    """The teacher's reply, unparsed."""
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
    """Why solve runs again, as a sentence for the student; empty if it does not."""


class Node(Protocol):
    """A node that asks no model: it takes the state and returns what it changes."""

    def __call__(self, state: TraceState) -> dict[str, Any]: ...  # noqa: D102
