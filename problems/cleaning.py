"""Leave out empty and duplicate questions, and report them. Start at `clean`."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace

from .problem import Problem


def clean(rows: Iterable[tuple[str, Problem]], name: str, issues: list[str]) -> Generator[Problem, None, None]:
    """Yield the usable problems, each with a unique id, and report the others in `issues`.

    Args:
        rows: each problem with its place, such as "line 3".
        name: name of the set, used in the ids of problems without one.
        issues: receives one sentence per kind of issue when the iterator ends or is closed.
    """
    empty: list[str] = []
    repeated: list[str] = []
    conflicting: list[str] = []
    references: dict[str, str | None] = {}
    ids: set[str] = set()
    try:
        for number, (place, problem) in enumerate(rows, 1):
            # questions that differ only in white space are the same question
            question = " ".join(problem.question.split())
            if not question:
                empty.append(place)
            elif question in references:
                (repeated if references[question] == problem.reference else conflicting).append(place)
            else:
                references[question] = problem.reference
                yield _with_own_id(problem, f"{name}-{number}", ids)
    finally:  # also when a limit closes the iterator early
        issues += _sentences(("an empty question", empty), ("a question that came before", repeated))
        issues += _sentences(("a question that came before with another reference", conflicting))


def _with_own_id(problem: Problem, fallback: str, ids: set[str]) -> Problem:
    """Return the problem with an id that is not in `ids` yet, and add it there."""
    chosen = problem.problem_id or fallback
    if chosen in ids:
        chosen = f"{chosen}-{fallback}"
    ids.add(chosen)
    return problem if chosen == problem.problem_id else replace(problem, problem_id=chosen)


def _sentences(*kinds: tuple[str, list[str]]) -> list[str]:
    return [f"left out {len(places)} with {what} ({_listed(places)})" for what, places in kinds if places]


def _listed(places: list[str]) -> str:
    return ", ".join(places[:5]) + (", ..." if len(places) > 5 else "")
