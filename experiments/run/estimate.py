"""Estimate the calls, tokens and cost of a run before any model is called. The door is `estimate`."""

from __future__ import annotations

from dataclasses import dataclass

from ...graphs.ladder import TEACHER, read_ladder
from ...graphs.methods import is_ladder, teacher_prompts, way_of
from ...nodes.solving.sampling import example_turns
from ..design.cells import Cell
from ..design.config import ModelConfig, Price
from ..design.plan import Plan, Unit
from ..design.prices import cost
from ..journal.journal import Journal
from .model_pool import model_key

Asked = dict[tuple[str, str], str]
"""Names of prompts by the teacher's key and the whole text."""

CHARACTERS_PER_TOKEN = 4
DECOMPOSITION_TOKENS = 150
SOLUTION_TOKENS = 250
STEP_TOKENS = 80
STEPS = 5
"""Characters per token, output tokens, and steps of a plan: typical of GSM8K, used until the journal has rows to average."""


@dataclass(frozen=True)
class Use:
    """Use of one model.

    Attributes:
        calls: number of calls.
        input_tokens: input tokens of all calls.
        output_tokens: output tokens of all calls.
        cost: cost in USD; None if the price is unknown.
    """

    calls: int
    input_tokens: int
    output_tokens: int
    cost: float | None


@dataclass(frozen=True)
class CellEstimate:
    """What a cell still needs. Teacher replies that another cell pays for are not counted again.

    Attributes:
        cell: the cell.
        problems: number of problems to run.
        done: number of finished problems.
        teacher: use of the teacher, at least and at most. They differ where a ladder may ask.
        student: use of the student, at least and at most. They differ for ladders and retries.
    """

    cell: Cell
    problems: int
    done: int
    teacher: tuple[Use, Use]
    student: tuple[Use, Use]


def estimate(plan: Plan, journal: Journal | None) -> list[CellEstimate]:
    """Return what each cell still needs, in the order of the cells.

    Args:
        plan: the experiment.
        journal: journal of earlier sessions, if any. Its finished problems are not counted, and its averages are used.
    """
    todo = plan.missing(journal) if journal else {c.id: [Unit(c, p) for p in plan.sets[c.problems]] for c in plan.cells}
    asked = _asked_of_teachers(plan, todo, journal)
    return [_estimate_cell(cell, todo[cell.id], asked[cell.id], plan, journal) for cell in plan.cells]


def _estimate_cell(
    cell: Cell, units: list[Unit], asked: tuple[Asked, Asked], plan: Plan, journal: Journal | None
) -> CellEstimate:
    means = journal.mean_solution(cell.id) if journal else None
    least, most = (_student_use(cell, rungs, units, plan, means) for rungs in _rungs(cell))
    done = len(plan.sets[cell.problems]) - len(units)
    certain, possible = asked
    teacher = _teacher_use(cell, certain, plan, journal), _teacher_use(cell, certain | possible, plan, journal)
    return CellEstimate(cell, len(units), done, teacher, (least, most))


def _rungs(cell: Cell) -> tuple[list[str], list[str]]:
    """Return what every problem of a cell is solved with, and what it may be solved with at most: ways, or the teacher."""
    if cell.teacher is None or not is_ladder(cell.mode):
        way = cell.mode if cell.teacher else cell.method
        return [way], [way] * cell.max_attempts
    first, *others = read_ladder(cell.mode).steps
    certain = [step.way for step in others if step.condition.certain]
    return [first.way, *certain], [first.way, *(step.way for step in others)]


def _student_use(cell: Cell, rungs: list[str], units: list[Unit], plan: Plan, means: tuple[float, float, float] | None) -> Use:
    if means:
        calls, used, answered = (round(mean * len(units)) for mean in means)
    else:
        each = [_way_use(cell, rung, units, plan) for rung in rungs if rung != TEACHER]
        calls, used, answered = (sum(column) for column in zip(*each, strict=True))
    return _use(calls, used, answered, plan.prices(cell)["student"])


def _way_use(cell: Cell, name: str, units: list[Unit], plan: Plan) -> tuple[int, int, int]:
    """Return calls, input tokens and output tokens of solving each problem once in a way."""
    way = way_of(cell.method, cell.mode, name if cell.teacher else "")
    assert way is not None
    prompts = plan.prompts[cell.prompts_hash]
    shown = example_turns(prompts, way.prompts[0], prompts.examples[: cell.shots])
    template = prompts.texts[way.prompts[0]] + "".join(text for turn in shown for text in turn)
    sequential = name == "sequential"
    # one call per step when the steps are solved one by one
    calls = cell.samples * (STEPS if sequential else 1)
    # the plan is part of the prompt; its length in characters is a guess
    steps = DECOMPOSITION_TOKENS * CHARACTERS_PER_TOKEN if way.lesson else 0
    asked = sum((len(template) + len(unit.problem.question) + steps) // CHARACTERS_PER_TOKEN for unit in units)
    reply = min(STEP_TOKENS if sequential else SOLUTION_TOKENS, cell.student.max_tokens or SOLUTION_TOKENS)
    return calls * len(units), calls * asked, calls * len(units) * reply


def _use(calls: int, used: int, answered: int, price: Price | None) -> Use:
    # a model that is not asked costs 0, even if its price is unknown
    return Use(calls, used, answered, cost(price, used, answered) if calls else 0.0)


def _asked_of_teachers(plan: Plan, todo: dict[str, list[Unit]], journal: Journal | None) -> dict[str, tuple[Asked, Asked]]:
    """Return the new prompts of each cell's teacher: those that are certain, and those that a ladder may add.

    The journal keeps one reply per teacher and prompt, which all cells share. So what is certain in any cell comes first.
    """
    seen = {(reply["teacher"], reply["prompt"]) for reply in journal.replies()} if journal else set()
    found: tuple[dict[str, Asked], dict[str, Asked]] = ({}, {})
    for place, by_cell in enumerate(found):
        for cell in plan.cells:
            prompts = _teacher_prompts(cell, _rungs(cell)[place], todo[cell.id], plan)
            by_cell[cell.id] = {prompt: name for prompt, name in prompts.items() if prompt not in seen}
            seen |= prompts.keys()
    certain, possible = found
    return {cell.id: (certain[cell.id], possible[cell.id]) for cell in plan.cells}


def _teacher_prompts(cell: Cell, rungs: list[str], units: list[Unit], plan: Plan) -> Asked:
    # recorded teachers are replayed and cost nothing
    if cell.teacher is None or cell.teacher.model.startswith("recorded:"):
        return {}
    key, prompts = model_key(_teacher_of(cell)), plan.prompts[cell.prompts_hash]
    names = {name for rung in rungs for name in teacher_prompts(rung)}
    return {(key, prompts.fill(name, question=unit.problem.question)): name for unit in units for name in names}


def _teacher_of(cell: Cell) -> ModelConfig:
    return cell.student if cell.teacher is None or cell.teacher.model == "self" else cell.teacher


def _teacher_use(cell: Cell, asked: Asked, plan: Plan, journal: Journal | None) -> Use:
    model = _teacher_of(cell)
    used, answered = journal.mean_reply(model_key(model)) if journal else (None, None)
    lengths = [SOLUTION_TOKENS if name == "solution" else DECOMPOSITION_TOKENS for name in asked.values()]
    replies = sum(min(length, model.max_tokens or length) for length in lengths)
    return _use(
        len(asked),
        sum(len(prompt) // CHARACTERS_PER_TOKEN for _, prompt in asked) if used is None else round(used * len(asked)),
        replies if answered is None else round(answered * len(asked)),
        plan.prices(cell).get("teacher"),
    )
