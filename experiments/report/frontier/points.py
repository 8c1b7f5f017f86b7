"""Accuracy over the cost of the teacher, compared with random mixing of student and teacher. The door is `frontiers`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ....graphs.methods import teacher_prompts
from ...inference.intervals import Interval, holm, wilson
from ...inference.paired import RESAMPLES
from ...journal.records import CellValues
from ..scores import Condition
from ..table import p_value, usd

Axis = Literal["tokens", "usd"]
"""The cost of a point per problem: teacher tokens (input and output) or USD."""


@dataclass(frozen=True)
class Point:
    """A condition on the frontier.

    Attributes:
        label: label of the condition.
        condition: id of the condition.
        kind: "student" (asks no teacher), "taught", or "teacher" (the teacher alone).
        n: number of problems with a score.
        accuracy: accuracy with Wilson's 95 % interval.
        input_tokens: the teacher's input tokens per problem.
        output_tokens: the teacher's output tokens per problem.
        uses: number of conditions that share the teacher's replies: of one problem set, teacher and prompt set.
        usd: cost per problem in USD, teacher and student; None if unknown.
        untold: whether the teacher was asked but told no tokens, as a replayed one may; both tokens are then 0.
        above: accuracy minus that of random mixing at the same teacher tokens; None if the teacher alone was not measured.
        p: two-sided p-value of `above`, from a paired bootstrap over problems.
        p_holm: p-value corrected over all points of all frontiers.
    """

    label: str
    condition: str
    kind: Literal["student", "taught", "teacher"]
    n: int
    accuracy: Interval
    input_tokens: float
    output_tokens: float
    uses: int
    usd: float | None
    untold: bool = False
    above: Interval | None = None
    p: float | None = None
    p_holm: float | None = None

    @property
    def name(self) -> str:
        """The label, marked if it is the teacher alone."""
        return self.label + (" (teacher alone)" if self.kind == "teacher" else "")

    @property
    def tokens(self) -> float:
        """Teacher tokens per problem, input and output."""
        return self.input_tokens + self.output_tokens

    def cost(self, axis: Axis) -> float | None:
        """Return the cost per problem in tokens or USD; None if unknown."""
        return self.tokens if axis == "tokens" else self.usd


@dataclass(frozen=True)
class Frontier:
    """The points of one student on one problem set, the student alone first.

    Attributes:
        student: the student.
        problems: name of the problem set.
        points: the points.
        base: id of the condition at one end of random mixing: the best one of the student alone, else the one with the fewest
            teacher tokens.
        master: id of the condition of the teacher alone, the other end; "" if it was not measured.
    """

    student: str
    problems: str
    points: tuple[Point, ...]
    base: str = ""
    master: str = ""

    def of_kind(self, kind: str) -> list[Point]:
        """Return the points of one kind."""
        return [point for point in self.points if point.kind == kind]

    def point(self, condition: str) -> Point | None:
        """Return the point of a condition, None if it has none."""
        return next((point for point in self.points if point.condition == condition), None)

    def mixing(self, axis: Axis) -> list[tuple[float, float]]:
        """Return both ends of the line of random mixing as (cost, accuracy); [] if one of them was not measured."""
        base, master = self.point(self.base), self.point(self.master)
        if base is None or master is None or base is master:
            return []
        start, more = base.cost(axis), master.cost(axis)
        if start is None or not more:
            return []
        return [(start, base.accuracy.value), (start + more, master.accuracy.value)]


def frontiers(found: Sequence[Condition]) -> list[Frontier]:
    """Return a frontier per taught student and problem set, tested against random mixing if the teacher was measured."""
    taught = {(c.cell["problems"], c.cell["student_label"]) for c in found if c.cell["teacher"]}
    made = [_frontier(found, problems, student) for problems, student in dict.fromkeys(sorted(taught))]
    tested = [point.p for frontier in made for point in frontier.points if point.p is not None]
    # one family of tests: all points of all frontiers of the report
    corrected = iter(holm(tested))
    return [
        replace(
            frontier,
            points=tuple(p if p.p is None else replace(p, p_holm=next(corrected)) for p in frontier.points),
        )
        for frontier in made
    ]


def above_mixing(
    point: Sequence[float], student: Sequence[float], teacher: Sequence[float], share: float
) -> tuple[Interval, float]:
    """Return how far a method lies above random mixing, with a 95 % interval and a two-sided p-value.

    Random mixing gives a random share of the problems to the teacher and the rest to the student. Its expected accuracy is the
    weighted mean of both. A method that is not above it gains nothing from its signal (arXiv 2403.12031).

    Args:
        point: scores of the method, by problem.
        student: scores of the student alone on the same problems.
        teacher: scores of the teacher alone on the same problems.
        share: share of the problems (0 to 1) that the teacher could solve for the cost of the method.
    """
    import numpy

    # problems with equal scores are drawn together, as in `paired.bootstrap`
    triples = numpy.stack([numpy.asarray(scores, float) for scores in (point, student, teacher)], axis=1)
    values, counts = numpy.unique(triples, axis=0, return_counts=True)
    ahead = values @ numpy.array([1.0, -(1 - share), -share])
    draws = numpy.random.default_rng(0).multinomial(len(triples), counts / len(triples), size=RESAMPLES)
    means = draws @ ahead / len(triples)
    low, high = numpy.quantile(means, [0.025, 0.975])
    tail = min((means <= 0).sum(), (means >= 0).sum())
    # one is added to both counts, so that p is never 0
    p = min(1.0, 2 * (1 + float(tail)) / (RESAMPLES + 1))
    return Interval(float(counts @ ahead / len(triples)), float(low), float(high)), p


def _frontier(found: Sequence[Condition], problems: str, student: str) -> Frontier:
    own = [c for c in found if c.cell["problems"] == problems and c.cell["student_label"] == student]
    teachers = {c.cell["teacher_label"] for c in own if c.cell["teacher"]}
    masters = [
        c for c in found if c.cell["problems"] == problems and not c.cell["teacher"] and c.cell["student_label"] in teachers
    ]
    alone = [c for c in own if not c.cell["teacher"]]
    # majority votes are points of their own; the line begins at the plain student
    single = [c for c in alone if c.cell["samples"] == 1] or alone
    base = max(single, key=_accuracy, default=None) or min(own, key=lambda c: sum(_per_problem(c, "teacher")), default=None)
    master = max(masters, key=_accuracy, default=None)
    points = [_point(c, found, "student") for c in alone]
    points += [_judged(c, _point(c, found, "taught"), base, master) for c in own if c.cell["teacher"]]
    points += [_point(c, found, "teacher") for c in masters if c is not base]
    ends = [condition.cell["condition"] if condition else "" for condition in (base, master)]
    return Frontier(student, problems, tuple(points), *ends)


def _judged(condition: Condition, point: Point, base: Condition | None, master: Condition | None) -> Point:
    """Compare a point with random mixing on the problems that point, base and teacher have in common."""
    if base is None or master is None or condition is base or point.untold:
        return point
    keys = [key for key in condition.scores if key in base.scores and key in master.scores]
    cost = _per_problem(master, "student")
    if not keys or sum(cost) <= 0:
        return point
    # the share of problems that the teacher alone could solve for the tokens that this method uses
    share = min(1.0, max(0.0, point.tokens - sum(_per_problem(base, "teacher"))) / sum(cost))
    own, alone, taught = ([c.scores[key] for key in keys] for c in (condition, base, master))
    above, p = above_mixing(own, alone, taught, share)
    return replace(point, above=above, p=p)


def _point(condition: Condition, found: Sequence[Condition], kind: Literal["student", "taught", "teacher"]) -> Point:
    # in a cell of the teacher alone, the teacher is the student
    used, made = _per_problem(condition, "student" if kind == "teacher" else "teacher")
    # replies are billed once for all conditions that share them
    uses = sum(_lesson(c.cell) == _lesson(condition.cell) for c in found) if condition.cell["teacher"] else 1
    usd = None if condition.unknown_cost or not condition.rows else condition.sums.get("cost_usd", 0.0) / condition.rows
    accuracy = wilson(sum(condition.scores.values()), len(condition.scores))
    untold = bool(condition.sums.get("teacher_calls")) and not used + made
    name = condition.cell["condition"]
    return Point(condition.label, name, kind, len(condition.scores), accuracy, used, made, uses, usd, untold)


def _lesson(cell: CellValues) -> tuple[Any, ...]:
    """Return what the replies of a cell's teacher depend on. The teacher "self" is the student."""
    teacher = cell["teacher"]
    asked = cell["student"] if teacher and teacher["model"] == "self" else teacher
    return cell["problems"], asked, cell["prompts_hash"], teacher_prompts(cell["mode"])


def _per_problem(condition: Condition, role: str) -> tuple[float, float]:
    rows = max(1, condition.rows)
    return condition.sums.get(f"{role}_input_tokens", 0) / rows, condition.sums.get(f"{role}_output_tokens", 0) / rows


def _accuracy(condition: Condition) -> float:
    return sum(condition.scores.values()) / len(condition.scores) if condition.scores else 0.0


def frontier_cells(made: Sequence[Frontier]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the table of frontiers, points numbered from 1 per frontier."""
    header = [
        "#", "problems", "student", "method", "n", "accuracy", "teacher tokens in", "out", "spread over uses", "USD",
        "above random mixing", "p (Holm)",
    ]  # fmt: skip
    rows: list[list[str]] = []
    for frontier in made:
        rows += [
            [str(place), frontier.problems, frontier.student, *_cells(point)] for place, point in enumerate(frontier.points, 1)
        ]
    return header, rows


def _cells(point: Point) -> list[str]:
    above: Any = point.above
    return [
        point.name,
        str(point.n),
        f"{100 * point.accuracy.value:.1f} %",
        f"{point.input_tokens:,.0f}",
        f"{point.output_tokens:,.0f}",
        f"{point.tokens / point.uses:,.0f}",
        usd(point.usd),
        "-" if above is None else f"{100 * above.value:+.1f} ({100 * above.low:+.1f} to {100 * above.high:+.1f})",
        p_value(point.p_holm),
    ]
