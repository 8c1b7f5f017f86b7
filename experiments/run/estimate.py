"""Estimate the calls, tokens and cost of a run before any model is called. The door is `estimate`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...graphs.ladder import read_ladder
from ...graphs.methods import teacher_prompts
from ...nodes.solving.sampling import example_turns
from ...nodes.solving.ways import WAYS
from ..design.cells import Cell
from ..design.plan import Plan, Unit
from ..design.prices import cost
from ..journal.journal import Journal
from .model_pool import model_key

CHARACTERS_PER_TOKEN = 4
DECOMPOSITION_TOKENS = 150
SOLUTION_TOKENS = 250
STEP_TOKENS = 80
STEPS = 5
"""Characters per token, output tokens, and steps of a plan: typical of GSM8K, used until the journal has rows to average."""


@dataclass
class CellEstimate:
    """What a cell still needs. Teacher replies that an earlier cell pays for are not counted again.

    Attributes:
        cell: the cell.
        problems: number of problems to run.
        done: number of finished problems.
        teacher_calls: calls of the teacher.
        student_calls: calls of the student.
        teacher_tokens: input and output tokens of the teacher.
        student_tokens: input and output tokens of the student.
        teacher_cost: cost in USD; None if unknown.
        student_cost: cost in USD; None if unknown.
    """

    cell: Cell
    problems: int
    done: int
    teacher_calls: int = 0
    student_calls: int = 0
    teacher_tokens: tuple[int, int] = (0, 0)
    student_tokens: tuple[int, int] = (0, 0)
    teacher_cost: float | None = 0.0
    student_cost: float | None = 0.0


def estimate(plan: Plan, journal: Journal | None) -> list[CellEstimate]:
    """Return what each cell still needs, in the order of the cells.

    Args:
        plan: the experiment.
        journal: journal of earlier sessions, if any. Its finished problems are not counted, and its averages are used.
    """
    todo = plan.missing(journal) if journal else {c.id: [Unit(c, p) for p in plan.sets[c.problems]] for c in plan.cells}
    # the journal keeps one reply per teacher and prompt
    seen = {(reply["teacher"], reply["prompt"]) for reply in journal.replies()} if journal else set()
    estimates = []
    for cell in plan.cells:
        units = todo[cell.id]
        made = CellEstimate(cell, len(units), len(plan.sets[cell.problems]) - len(units))
        _add_student(made, units, plan, journal.mean_solution(cell.id) if journal else None)
        _add_teacher(made, units, plan, seen, journal)
        estimates.append(made)
    return estimates


def _add_student(made: CellEstimate, units: list[Unit], plan: Plan, means: tuple[float, float, float] | None) -> None:
    cell = made.cell
    prompts = plan.prompts[cell.prompts_hash]
    sequential = cell.mode == "sequential"
    prompt = _first_prompt(cell)
    shown = example_turns(prompts, prompt, prompts.examples[: cell.shots])
    template = prompts.texts[prompt] + "".join(text for turn in shown for text in turn)
    # one call per step when the steps are solved one by one
    calls = means[0] if means else cell.samples * (STEPS if sequential else 1)
    # the plan is part of the prompt; its length in characters is a guess
    steps = DECOMPOSITION_TOKENS * CHARACTERS_PER_TOKEN if cell.teacher else 0
    asked = sum((len(template) + len(unit.problem.question) + steps) // CHARACTERS_PER_TOKEN for unit in units)
    used = means[1] * len(units) if means else asked * calls
    reply = min(STEP_TOKENS if sequential else SOLUTION_TOKENS, cell.student.max_tokens or SOLUTION_TOKENS)
    answered = means[2] * len(units) if means else calls * len(units) * reply
    made.student_calls = round(calls * len(units))
    made.student_tokens = (round(used), round(answered))
    made.student_cost = cost(plan.prices(cell)["student"], *made.student_tokens)


def _first_prompt(cell: Cell) -> str:
    """Return the name of the prompt that every problem of a cell is solved with; for a ladder, that of its first rung."""
    way = cell.mode if cell.teacher else cell.method
    return WAYS[way if way in WAYS else read_ladder(way).steps[0].way].prompts[0]


def _add_teacher(made: CellEstimate, units: list[Unit], plan: Plan, seen: set[Any], journal: Journal | None) -> None:
    cell = made.cell
    # recorded teachers are replayed and cost nothing
    if cell.teacher is None or cell.teacher.model.startswith("recorded:"):
        return
    model = cell.student if cell.teacher.model == "self" else cell.teacher
    key, prompts = model_key(model), plan.prompts[cell.prompts_hash]
    asked_for = teacher_prompts(cell.mode)
    new = {(key, prompts.fill(name, question=unit.problem.question)) for unit in units for name in asked_for} - seen
    # shared by all cells
    seen |= new
    asked = sum(len(prompt) // CHARACTERS_PER_TOKEN for _, prompt in new)
    used, answered = journal.mean_reply(key) if journal else (None, None)
    made.teacher_calls = len(new)
    plan_tokens = min(DECOMPOSITION_TOKENS, model.max_tokens or DECOMPOSITION_TOKENS)
    made.teacher_tokens = (
        asked if used is None else round(used * len(new)),
        round((plan_tokens if answered is None else answered) * len(new)),
    )
    made.teacher_cost = cost(plan.prices(cell)["teacher"], *made.teacher_tokens)
