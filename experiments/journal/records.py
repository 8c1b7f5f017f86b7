"""The types of everything in a journal. Columns of rows, cells, replies, sessions and totals are declared only here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Required, TypedDict, get_args, get_type_hints

from ...foundation.statuses import RowStatus
from ...nodes.state import CheckValues, Escalation, Flag, Program, ReviewRecord, Solution, VerdictValues

ModelIdentity = Mapping[str, Any]
"""The settings that a model's replies depend on (`ModelConfig.identity`)."""


class Counterfactual(TypedDict):
    """The student's result with the teacher's original steps, for problems whose steps a review changed."""

    steps: list[str]
    status: RowStatus
    answer: str | None
    student_input_tokens: int
    student_output_tokens: int
    student_cost_usd: float | None


class Served(TypedDict, total=False):
    """Which replicas answered the calls of a problem, for models with replicas."""

    replicas: list[str]
    """Such as "2 on 10.0.0.4/3fa2b1": number of the replica, address and start of the id of its node."""
    lost_calls: int
    """Calls that were lost with their replica and repeated."""
    lost_tokens: int
    """Upper bound of the tokens of lost calls: those of the repeated calls. No other column counts them."""


class Detail(TypedDict, total=False):
    """The long values of a row, stored as one JSON column. Empty ones are left out."""

    steps: list[str]
    hint: str
    solution: str
    solutions: list[Solution]
    program: Program
    rung: str
    escalations: list[Escalation]
    flags: list[Flag]
    reviews: list[ReviewRecord]
    verdict: VerdictValues
    check: CheckValues
    counterfactual: Counterfactual
    served: Served


class UsageColumns(TypedDict, total=False):
    """Calls, tokens and cost in USD by role. A cost is None if the price or the tokens are unknown."""

    teacher_calls: int
    teacher_input_tokens: int
    teacher_output_tokens: int
    student_calls: int
    student_input_tokens: int
    student_output_tokens: int
    unknown_tokens: int
    """Calls whose model reported no tokens."""
    teacher_cost_usd: float | None
    student_cost_usd: float | None


class Row(UsageColumns, total=False):
    """One problem of one cell: the columns of the table `rows`. A row under construction has only some of them."""

    cell_id: str
    key: str
    """Hash of the problem's question and reference."""
    problem_id: str
    status: Required[RowStatus]
    answer: str | None
    score: float | None
    """From 0 to 1, None if the status does not count in the accuracy."""
    strict: int | None
    """1 if the answer was right in the requested format, 0 if not, None if it was not judged or none was requested."""
    error: str | None
    tries: int
    """How often the problem was run in the last session, including retries after errors."""
    attempts: int
    """Attempts of the student in the last run of the problem."""
    n_steps: int | None
    leaked: int | None
    """1 if the steps contain the reference, 0 if not, None without steps."""
    agreement: float | None
    finish_reason: str | None
    """The different finish reasons of all samples, separated by commas."""
    seconds: float
    started_ms: int
    """Unix time in milliseconds."""
    trace_id: str | None
    detail: Detail


def strict_of(row: Row) -> int | None:
    """Return `strict` of a row with its detail; None for a program, whose answer earlier versions took for a final line."""
    return None if row["detail"].get("program") else row["strict"]


class PromptTexts(TypedDict, total=False):
    """A prompt set as the cell used it."""

    name: str
    version: str
    hash: str
    texts: dict[str, str]


class CellValues(TypedDict, total=False):
    """A cell as plain values (`Cell.as_dict`): its identity and the labels that tables show."""

    id: Required[str]
    condition: Required[str]
    problems: Required[str]
    source: Required[str]
    method: Required[str]
    teacher: Required[ModelIdentity | None]
    student: Required[ModelIdentity]
    prompts: Required[str]
    prompts_hash: Required[str]
    mode: Required[str]
    samples: Required[int]
    shots: int
    shots_by: str
    examples: str
    hint_share: float | None
    seed: Required[int]
    max_attempts: Required[int]
    review: str
    teacher_label: Required[str]
    student_label: Required[str]
    label: Required[str]
    prompt_set: PromptTexts
    """Only in cells read from a journal."""


class Reply(TypedDict, total=False):
    """A teacher's reply to a prompt: the columns of the table `replies`."""

    teacher: Required[str]
    prompt_key: Required[str]
    set_name: str | None
    question: str | None
    prompt: str | None
    text: Required[str]
    finish_reason: str | None
    input_tokens: int | None
    output_tokens: int | None
    model_name: str | None
    cost_usd: float | None
    created_ms: int


class Session(TypedDict):
    """One run of an experiment.

    `outcome` is "finished", the limit that stopped it ("--max-minutes=30"), or the type of the error that ended it. It and
    `ended_ms` are None while the run goes on, and after a kill.
    """

    id: int
    started_ms: int
    ended_ms: int | None
    done: int | None
    outcome: str | None


class Totals(TypedDict):
    """What was billed: each teacher reply once, and all calls of the students, counterfactuals included.

    `cost_usd` is None if any part of it is unknown; `known_cost_usd` is the sum of the known parts.
    """

    decompositions: int
    teacher_tokens: int
    student_tokens: int
    cost_usd: float | None
    known_cost_usd: float


def columns_of(record: type) -> dict[str, str]:
    """Return the fields of a record as columns with their SQL types; other types than int and float are stored as text."""
    kinds = {int: "integer", float: "real"}
    found = {}
    for name, hint in get_type_hints(record).items():
        # unwraps `int | None` and Required[...]
        kind = next((part for part in get_args(hint) if part in kinds), hint)
        found[name] = kinds.get(kind, "text")
    return found


ROW_COLUMNS: tuple[str, ...] = tuple(columns_of(Row))
