"""Compare combinations, experiments or logs on the problems that both have. The doors are `matched` and `compare_pairs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from ..inference.intervals import holm, pass_at_k
from ..inference.paired import Comparison, compare
from .measures import ComparisonSummary
from .overview import full_name
from .scores import Condition, paired
from .sides import Side, sides_of
from .summary import comparison_dict


def matched(a: str, b: str, home: Path, *, rescore: bool = False, score: str | None = None) -> list[tuple[Side, Side]]:
    """Find the conditions that two names stand for, and pair them.

    Args:
        a: the base, as EXPERIMENT, EXPERIMENT:CELL or the path of a log.
        b: what is compared with it, in the same form.
        home: folder of the journals.
        rescore: verify the answers in logs again with our verifier.
        score: which score of the logs to read.

    Returns:
        Pairs of base and other condition. A single condition is paired with all of the other side. Otherwise conditions of the
        same method and student are paired, else of the same student, else of the same method, else all with all.

    Raises:
        FileNotFoundError: no such experiment or log.
        LookupError: no such cell, or no problems in common.
        ValueError: a log cannot be read.
    """
    texts = rescore or Path(a).suffix != Path(b).suffix  # across libraries, problems are matched by their full text
    left, right = (sides_of(spec, home, texts=texts, rescore=rescore, score=score) for spec in (a, b))
    if len(left) == len(right) == 1:
        pairs = [(left[0], right[0])]
    elif len(left) == 1:
        pairs = [(left[0], side) for side in right]
    elif len(right) == 1:
        pairs = [(side, right[0]) for side in left]
    else:
        pairs = _matching(left, right)
    pairs = [pair for pair in (_aligned(x, y) for x, y in pairs) if paired(pair[0].condition, pair[1].condition)[0]]
    if not pairs:
        raise LookupError(f"{a!r} and {b!r} have no problems in common to compare: {_listed(left)} and {_listed(right)}")
    return pairs


def _aligned(a: Side, b: Side) -> tuple[Side, Side]:
    """Give the problems of both sides common keys: journal keys, the ids of the same library, or the text of the question."""
    if a.source == b.source and (a.source == "journal" or _same_ids(a, b)):
        return a, b
    return a.rekeyed(_once(a.questions)), b.rekeyed(_once(b.questions))


def _same_ids(a: Side, b: Side) -> bool:
    shared = a.questions.keys() & b.questions.keys()
    # ids are often just 0, 1, 2, ...: equal ids mean the same problem only if the texts agree
    return bool(shared) and all(a.questions[key] == b.questions[key] for key in shared)


def _once(questions: Mapping[str, str]) -> dict[str, str]:
    """Return the questions that occur only once; a repeated text cannot be matched to one problem."""
    seen: dict[str, int] = {}
    for text in questions.values():
        seen[text] = seen.get(text, 0) + 1
    return {key: text for key, text in questions.items() if text and seen[text] == 1}


def compare_pairs(
    pairs: Sequence[tuple[Side, Side]], *, cluster: str | None = None, by: str | None = None, margin: float | None = None
) -> list[ComparisonSummary]:
    """Compare each pair of conditions.

    p-values are corrected (Holm) over all pairs, and separately over all parts of a breakdown.

    Args:
        pairs: pairs from `matched`.
        cluster: column whose equal values mark dependent problems, such as a passage or a template.
        by: column to break each comparison down by.
        margin: also test whether b is as good as a within this difference in accuracy (0 to 1).

    Returns:
        One summary per pair; with `by`, then one per pair and value of that column.

    Raises:
        LookupError: the problems have no such column; the message lists those they have.
    """
    whole: list[_Made] = [(a, b, "", _compared(a, b, paired(a.condition, b.condition)[0], cluster, margin)) for a, b in pairs]
    if by is None:
        return _corrected(whole)
    parts: list[_Made] = [
        # a value such as "level 3" already names its column
        (a, b, group if group.startswith(by) else f"{by} {group}", _compared(a, b, keys, cluster, margin))
        for a, b in pairs
        for group, keys in _groups(a, b, by).items()
    ]
    return _corrected(whole) + _corrected(parts)


_Made = tuple[Side, Side, str, Comparison]


def _compared(a: Side, b: Side, keys: list[str], cluster: str | None, margin: float | None) -> Comparison:
    clusters = _column(a, b, cluster, keys) if cluster else None
    return compare(*_scores(a.condition, b.condition, keys), clusters=clusters, margin=margin)


def _corrected(made: list[_Made]) -> list[ComparisonSummary]:
    corrected = holm([found.p for *_, found in made])
    return [_summary(a, b, group, replace(found, p_holm=p)) for (a, b, group, found), p in zip(made, corrected, strict=True)]


def _summary(a: Side, b: Side, group: str, found: Comparison) -> ComparisonSummary:
    values = comparison_dict(a.condition, b.condition, found)
    values["group"] = group
    values["pass_k"], values["a_pass"], values["b_pass"] = _pass_rates(a, b)
    if a.condition.cell["student_label"] != b.condition.cell["student_label"]:
        # labels name methods only: without the student both sides could read the same
        values["a"], values["b"] = (f"{side.condition.cell['student_label']} {side.condition.label}" for side in (a, b))
    return values


def _pass_rates(a: Side, b: Side) -> tuple[int, float | None, float | None]:
    """Return k and pass@k of both sides.

    k is the number of trials that each common problem has at least, on the side with more trials. The other side is None if it
    has fewer. Both are None with a single trial.
    """
    keys = paired(a.condition, b.condition)[0]
    least = [min((len(side.trials.get(key, ())) for key in keys), default=0) for side in (a, b)]
    k = max(least)
    rates = [
        # fractional scores count as solved only when full
        sum(pass_at_k(sum(s >= 0.999 for s in side.trials[key]), len(side.trials[key]), k) for key in keys) / len(keys)
        if k > 1 and fewest >= k
        else None
        for side, fewest in zip((a, b), least, strict=True)
    ]
    return k, rates[0], rates[1]


def _groups(a: Side, b: Side, by: str) -> dict[str, list[str]]:
    """Return the keys of the common problems by the value of a column."""
    keys = paired(a.condition, b.condition)[0]
    groups: dict[str, list[str]] = {}
    for key, value in zip(keys, _column(a, b, by, keys), strict=True):
        groups.setdefault(str(value), []).append(key)
    return dict(sorted(groups.items()))


def _column(a: Side, b: Side, name: str, keys: list[str]) -> list[Any]:
    # one side may lack the column: a log and an experiment know different things of a problem
    values = {**b.column(name), **a.column(name)}
    if missing := [key for key in keys if key not in values]:
        known = sorted({column for side in (a, b) for columns in side.columns.values() for column in columns})
        raise LookupError(
            f"{len(missing)} of {len(keys)} problems have no column {name!r}; they have {', '.join(known) or 'none'}"
        )
    return [values[key] for key in keys]


def _scores(a: Condition, b: Condition, keys: list[str]) -> tuple[list[float], list[float]]:
    return [a.scores[key] for key in keys], [b.scores[key] for key in keys]


def flips(a: Side, b: Side) -> dict[str, list[str]]:
    """Return the ids of the problems whose score rose ("wrong to right") or fell ("right to wrong")."""
    keys, before, after = paired(a.condition, b.condition)
    changed = list(zip(keys, before, after, strict=True))
    return {
        "wrong to right": [b.names.get(key, key) for key, old, new in changed if new > old],
        "right to wrong": [b.names.get(key, key) for key, old, new in changed if new < old],
    }


def unmatched(a: Side, b: Side) -> tuple[int, int]:
    """Return how many scored problems only a has, and how many only b has."""
    common = len(paired(a.condition, b.condition)[0])
    return len(a.condition.scores) - common, len(b.condition.scores) - common


def _listed(sides: list[Side]) -> str:
    return "; ".join(full_name(side.condition.cell) for side in sides)


def _matching(left: list[Side], right: list[Side]) -> list[tuple[Side, Side]]:
    """Return the pairs of the same method and student, else of the same student, else of the same method, else all."""

    def alike(x: Side, y: Side, fields: tuple[str, ...]) -> bool:
        left, right = (cast(Mapping[str, Any], side.condition.cell) for side in (x, y))
        return all(left[field] == right[field] for field in (*fields, "problems"))

    for fields in (("label", "student_label"), ("student_label",), ("label",)):
        if pairs := [(x, y) for x in left for y in right if alike(x, y, fields)]:
            return pairs
    return [(x, y) for x in left for y in right]
