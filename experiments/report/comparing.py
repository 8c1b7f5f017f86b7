"""Two cells or experiments against each other, on the problems that both have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from ..inference.intervals import holm
from ..inference.paired import compare
from ..journal.finding import find_journal
from .scores import Condition, conditions, paired
from .summary import comparison_dict


@dataclass(frozen=True)
class Side:
    """A condition with the ids of its problems."""

    condition: Condition
    names: dict[str, str]


def matched(a: str, b: str, home: Path) -> list[tuple[Side, Side]]:
    """Return the conditions to compare.

    Args:
        a: the base, as EXPERIMENT or EXPERIMENT:CELL.
        b: what is compared with it.
        home: folder of the journals.

    Returns:
        One pair if each side has one condition; otherwise those of the same method and student, else of the same student,
        else of the same method.

    Raises:
        FileNotFoundError: no such experiment.
        LookupError: no such cell, or nothing fits together.
    """
    left, right = _sides(a, home), _sides(b, home)
    if len(left) == len(right) == 1:
        pairs = [(left[0], right[0])]
    elif len(left) == 1:
        pairs = [(left[0], side) for side in right]
    else:
        pairs = _matching(left, right)
    pairs = [(x, y) for x, y in pairs if paired(x.condition, y.condition)[0]]
    if not pairs:
        raise LookupError(f"{a!r} and {b!r} have no problems in common to compare: {_listed(left)} and {_listed(right)}")
    return pairs


def compare_pairs(pairs: list[tuple[Side, Side]]) -> list[dict[str, Any]]:
    """Compare each pair; p-values are corrected over all (see `summary.comparisons` for the fields)."""
    made = [compare(*paired(a.condition, b.condition)[1:]) for a, b in pairs]
    corrected = holm([found.p for found in made])
    return [
        comparison_dict(a.condition, b.condition, replace(found, p_holm=p)) | _names(a.condition, b.condition)
        for (a, b), found, p in zip(pairs, made, corrected, strict=True)
    ]


def _names(a: Condition, b: Condition) -> dict[str, str]:
    """Name the students, too, where they differ."""
    if a.cell["student_label"] == b.cell["student_label"]:
        return {"a": a.label, "b": b.label}
    return {name: f"{side.cell['student_label']} {side.label}" for name, side in (("a", a), ("b", b))}


def flips(a: Side, b: Side) -> dict[str, list[str]]:
    """Return the ids of the problems that changed."""
    keys, before, after = paired(a.condition, b.condition)
    changed = list(zip(keys, before, after, strict=True))
    return {
        "wrong to right": [b.names.get(key, key) for key, old, new in changed if new > old],
        "right to wrong": [b.names.get(key, key) for key, old, new in changed if new < old],
    }


def _sides(spec: str, home: Path) -> list[Side]:
    name, _, wanted = spec.partition(":")
    with find_journal(name, home) as journal:
        read = conditions(journal)
        sides = [Side(c, {key: p.problem_id for key, p in journal.problems(c.cell["problems"]).items()}) for c in read]
    if not wanted:
        return sides
    exact = [
        side for side in sides if wanted in (side.condition.label, side.condition.cell["condition"], *side.condition.cell_ids)
    ]
    chosen = exact or [side for side in sides if wanted in _full_name(side.condition)]
    if not chosen:
        names = [_full_name(side.condition) for side in sides]
        near = get_close_matches(wanted, names, n=1, cutoff=0.2) or names[:1]
        raise LookupError(f"{name!r} has no combination {wanted!r}, did you mean {near[0]!r}? It has {'; '.join(names)}")
    return chosen


def _full_name(condition: Condition) -> str:
    return f"{condition.cell['student_label']} {condition.label} on {condition.cell['problems']}"


def _listed(sides: list[Side]) -> str:
    return "; ".join(_full_name(side.condition) for side in sides)


def _matching(left: list[Side], right: list[Side]) -> list[tuple[Side, Side]]:
    """Return the pairs that differ in nothing shown, else those of the same student, else those of the same method."""

    def alike(x: Side, y: Side, fields: tuple[str, ...]) -> bool:
        left, right = (cast(Mapping[str, Any], side.condition.cell) for side in (x, y))
        return all(left[field] == right[field] for field in (*fields, "problems"))

    for fields in (("label", "student_label"), ("student_label",), ("label",)):
        if pairs := [(x, y) for x in left for y in right if alike(x, y, fields)]:
            return pairs
    return [(x, y) for x in left for y in right]
