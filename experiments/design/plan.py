"""Prepare everything before the first model call: problem sets, prompt sets, cells, prices. The door is `make_plan`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from ...problems import Problem, ProblemSet, load_problems
from ...prompts import PromptSet, load_prompts
from ...prompts.examples import check_shots, contaminated
from ..journal.journal import Journal
from .cells import Cell, expand
from .config import ExperimentConfig, ModelConfig, Price
from .prices import price_of


@dataclass(frozen=True)
class Unit:
    """One problem of one cell."""

    cell: Cell
    problem: Problem


@dataclass(frozen=True)
class Plan:
    """An experiment, ready to run.

    Attributes:
        config: the configuration.
        cells: all cells, in the order of the tables.
        sets: problem set by name.
        prompts: prompt set by hash.
        notes: warnings for the user: faults in the data, problems close to few-shot examples, seeds without effect.
    """

    config: ExperimentConfig
    cells: tuple[Cell, ...]
    sets: Mapping[str, ProblemSet]
    prompts: Mapping[str, PromptSet]
    notes: tuple[str, ...]

    def prices(self, cell: Cell) -> dict[str, Price | None]:
        """Return the prices of a cell's models by role; None if a price is unknown or there is no teacher."""
        teacher = cell.teacher and (cell.student if cell.teacher.model == "self" else cell.teacher)
        return {"student": price_of(cell.student), "teacher": price_of(teacher) if teacher else None}

    def missing(self, journal: Journal) -> dict[str, list[Unit]]:
        """Return the problems to run, by cell id: those without a row, and those that failed or wait for a review."""
        todo = {}
        for cell in self.cells:
            done = journal.finished(cell.id)
            todo[cell.id] = [Unit(cell, problem) for problem in self.sets[cell.problems] if done.get(problem.key, True)]
        return todo


def make_plan(config: ExperimentConfig) -> Plan:
    """Load problem sets and prompt sets, and expand the configuration into cells. No model is loaded or called.

    Args:
        config: the experiment.

    Raises:
        ValueError, FileNotFoundError, ImportError, ConnectionError: as `load_problems`, `load_prompts` and `expand` raise
            them. Also ValueError if there are fewer few-shot examples than shots, if some are problems of a set, or if there
            is a cost limit and the price of a model is unknown.
    """
    loaded = [_load(given, config.limit) for given in config.problems]
    sets = _named(loaded)
    specs = {spec: load_prompt_set(spec) for spec in config.prompts}
    cells = expand(config, list(sets), specs)
    notes = [f"{name}: {issue}" for name, problems in sets.items() for issue in problems.issues]
    notes += _contamination(config, sets, specs)
    plan = Plan(config, tuple(cells), sets, {p.hash: p for p in specs.values()}, (*notes, *_seed_notes(config)))
    _check_shots(plan)
    _check_budget(plan)
    return plan


def load_prompt_set(spec: str, tracking_uri: str | None = None) -> PromptSet:
    """Load a prompt set.

    Args:
        spec: name of a bundled set, a folder, or "registry:NAME", "registry:NAME@ALIAS" or "registry:NAME/VERSION" for a set
            in MLflow's prompt registry.
        tracking_uri: MLflow store of the registry, see `tracking.connect`.
    """
    if not spec.startswith("registry:"):
        return load_prompts(spec)
    # needs mlflow, which nothing else here does
    from ...tracking.runs.prompt_registry import load_registry_prompts

    return load_prompts(load_registry_prompts(spec, tracking_uri=tracking_uri), name=spec.removeprefix("registry:"))


def _load(given: Any, limit: int | None) -> ProblemSet:
    options = given.model_dump(exclude={"source", "limit"})
    return load_problems(given.source, limit=given.limit or limit, **options)


def _named(loaded: list[ProblemSet]) -> dict[str, ProblemSet]:
    """Return the sets by name; a name that is taken gets a number: "gsm8k", "gsm8k-2"."""
    sets: dict[str, ProblemSet] = {}
    for problems in loaded:
        name, number = problems.name, 1
        while problems.name in sets:
            number += 1
            problems.name = f"{name}-{number}"
        sets[problems.name] = problems
    return sets


def _contamination(config: ExperimentConfig, sets: Mapping[str, ProblemSet], specs: Mapping[str, PromptSet]) -> list[str]:
    """Return notes on problems that nearly equal few-shot examples; raise a ValueError if some equal one (contamination)."""
    notes = []
    shots = max(config.shots)
    for (spec, prompts), (name, problems) in product(specs.items(), sets.items()):
        # chosen in order, only the first ones are ever shown; at random or by similarity, any may be
        shown = prompts.examples[:shots] if config.shots_by == "first" else prompts.examples
        same, near = contaminated(shown if shots else (), [problem.question for problem in problems])
        if same:
            raise ValueError(
                f"{len(same)} few-shot examples of the prompt set {spec!r} are problems of {name}, such as {same[0][:80]!r}; "
                "leave them out of one of the two, or use --shots 0"
            )
        if near:
            notes.append(f"{name}: {len(near)} problems are near copies of few-shot examples, such as {near[0][:80]!r}")
    return notes


def _seed_notes(config: ExperimentConfig) -> list[str]:
    greedy = [student.label for student in config.students if not student.temperature]
    if len(config.seeds) > 1 and greedy:
        return [f"{len(config.seeds)} seeds need a temperature: without one {', '.join(greedy)} may repeat the same replies"]
    return []


def _check_shots(plan: Plan) -> None:
    for cell in plan.cells:
        prompts = plan.prompts[cell.prompts_hash]
        check_shots(prompts.examples, cell.shots, f"the prompt set {prompts.name!r}")


def _check_budget(plan: Plan) -> None:
    if plan.config.budget.max_cost_usd is None:
        return
    for cell in plan.cells:
        models: list[tuple[str, ModelConfig | None]] = [("teacher", cell.teacher), ("student", cell.student)]
        for role, model in models:
            if model and plan.prices(cell)[role] is None:
                raise ValueError(
                    f"max_cost_usd cannot be enforced: the price of the {role} {model.model!r} is unknown; "
                    "set it (--price MODEL=IN/OUT, or price: {input: USD, output: USD} in the file, per million tokens), "
                    "or limit the tokens"
                )
