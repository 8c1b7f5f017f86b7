"""The types of everything in a journal. The columns of rows, cells, replies, sessions and totals are declared only here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Required, TypedDict, get_args, get_type_hints

from ...foundation.statuses import RowStatus
from ...nodes.state import CheckValues, Escalation, Flag, Program, ReviewRecord, Solution, VerdictValues

ModelIdentity = Mapping[str, Any]
"""What the replies of a model depend on (`ModelConfig.identity`)."""


class Counterfactual(TypedDict):
    """What the student made of the teacher's own steps, where a review changed them."""

    steps: list[str]
    status: RowStatus
    answer: str | None
    student_input_tokens: int
    student_output_tokens: int


class Served(TypedDict, total=False):
    """Who answered a problem's calls, where models have replicas."""

    replicas: list[str]
    """As "2 on 10.0.0.4/3fa2b1": number, address and beginning of the id of its node."""
    lost_calls: int
    """Calls that were repeated, since they were lost with their replica; none is left out."""
    lost_tokens: int
    """Input and output tokens of lost calls at most: those of the repeated ones. No other column counts them."""


class Detail(TypedDict, total=False):
    """The long part of a row; what is empty is left out."""

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
    """Calls, tokens and USD by role; a cost is None where price or tokens are unknown."""

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
    """One problem of one cell. These are the columns of the table `rows`; a row that is being made has some of them."""

    cell_id: str
    key: str
    """Hash of the problem's question and reference."""
    problem_id: str
    status: Required[RowStatus]
    answer: str | None
    score: float | None
    """From 0 to 1, None where nothing is scored."""
    strict: int | None
    """1 if the answer was right in the format that was asked for, 0 if not, None where nothing was judged."""
    error: str | None
    tries: int
    """How often the problem was run, with retries after errors."""
    attempts: int
    """Attempts of the student in the last run; retries never use the reference."""
    n_steps: int | None
    leaked: int | None
    """1 if the reference stands in the steps, None without a teacher."""
    agreement: float | None
    finish_reason: str | None
    """Finish reasons of all samples, without repeats, separated by commas."""
    seconds: float
    started_ms: int
    """Unix time."""
    trace_id: str | None
    detail: Detail


class PromptTexts(TypedDict, total=False):
    """A prompt set as it was used."""

    name: str
    version: str
    hash: str
    texts: dict[str, str]


class CellValues(TypedDict, total=False):
    """A cell as plain values (`Cell.as_dict`): what identifies it, and the labels that tables show."""

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
    """Only in cells that were read from a journal."""


class Reply(TypedDict, total=False):
    """What a teacher said to a prompt: the columns of the table `replies`."""

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
    """One run of an experiment; `outcome` is "finished", the limit that stopped it, or the kind of an error."""

    id: int
    started_ms: int
    ended_ms: int | None
    done: int | None
    outcome: str | None


class Totals(TypedDict):
    """What was billed: each teacher's reply once, and all students' replies; `cost_usd` is None if unknown."""

    decompositions: int
    teacher_tokens: int
    student_tokens: int
    cost_usd: float | None
    known_cost_usd: float


def columns_of(record: type) -> dict[str, str]:
    """Return the columns of a record with their SQL types."""
    kinds = {int: "integer", float: "real"}
    found = {}
    for name, hint in get_type_hints(record).items():
        kind = next((part for part in get_args(hint) if part in kinds), hint)
        found[name] = kinds.get(kind, "text")
    return found


ROW_COLUMNS: tuple[str, ...] = tuple(columns_of(Row))
