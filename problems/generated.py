"""Generate problems with reasoning-gym. A fresh set cannot have been in a model's training data. Start at `generate`."""

from __future__ import annotations

import json
from ast import literal_eval
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

from ..foundation.commands import install
from .problem import Problem
from .problem_set import ProblemSet


def generate(
    task: str, *, count: int, start: int = 0, seed: int = 0, name: str | None = None, options: Mapping[str, object]
) -> ProblemSet:
    """Generate problems of a task; the set has the task's own scorer.

    Args:
        task: name of a reasoning-gym task, such as "gsm_symbolic".
        count: number of problems.
        start: number of problems to skip first.
        seed: seed of the generator; the same seed gives the same problems.
        name: name of the set in tables.
        options: settings of the task.

    Raises:
        ImportError: reasoning-gym is not installed.
        ValueError: the task or a setting is unknown.
    """
    try:
        import reasoning_gym
        from reasoning_gym.factory import DATASETS
    except ImportError as error:
        raise ImportError(f"generated:{task} needs reasoning-gym: {install('generated')} ({error})") from error
    if task not in DATASETS:
        near = get_close_matches(task, DATASETS, n=3, cutoff=0.5) or ["gsm_symbolic"]
        raise ValueError(f"reasoning-gym has no task {task!r}; did you mean {', '.join(near)}? It has {len(DATASETS)} tasks")
    try:
        # The task makes all problems up to the last one; the first `start` are skipped below.
        made: Any = reasoning_gym.create_dataset(task, seed=seed, size=start + count, **options)
    except (TypeError, AssertionError) as error:
        raise ValueError(f"generated:{task} does not accept the options {dict(options)}: {error}") from error
    return _collect(task, made, start, count, seed, name)


def _collect(task: str, made: Any, start: int, count: int, seed: int, name: str | None) -> ProblemSet:
    """Return the generated problems without duplicates, with the task's scorer."""
    entries: dict[str, dict[str, Any]] = {}
    problems = []
    repeated = 0
    for place in range(start, start + count):
        entry = made[place]
        problem = _problem(task, entry, seed, place)
        repeated += problem.key in entries
        if problem.key not in entries:
            problems.append(problem)
        entries.setdefault(problem.key, entry)

    # The task's scorer needs the whole entry, which a `Problem` does not contain.
    def score(problem: Problem, output: Mapping[str, Any]) -> float:
        # The best form counts.
        return max(float(made.score_answer(answer=answer, entry=entries[problem.key])) for answer in _forms(output))

    issues = [f"left out {repeated} duplicates"] if repeated else []
    return ProblemSet(problems, name=name or task, source=f"generated:{task}", issues=issues, scorer=score)


def _forms(output: Mapping[str, Any]) -> list[str | None]:
    """Return an answer in the forms that tasks may expect: as it is, and a program's list also in Python and JSON notation."""
    value = (output.get("program") or {}).get("value", "")
    if not value.startswith(("[", "(", "{")):
        return [output.get("answer")]
    forms = [output.get("answer"), value]
    with suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        forms.append(json.dumps(literal_eval(value)))
    return forms


def _problem(task: str, entry: dict[str, Any], seed: int, place: int) -> Problem:
    answer = entry.get("answer")
    return Problem(
        question=str(entry["question"]).strip(),
        problem_id=f"{task}-{seed}-{place}",
        reference=str(answer) if answer is not None else None,
        domain=task,
        metadata={"task": task, "seed": seed},
    )
