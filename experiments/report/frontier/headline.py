"""Sum up an experiment in a sentence: whether the plan lifts the student, and what it costs. See `headline`."""

from __future__ import annotations

from collections.abc import Sequence

from ..conclusion import LEVEL, corrected_p
from ..measures import ComparisonSummary
from .points import Frontier, Point


def headline(found: Sequence[ComparisonSummary], made: Sequence[Frontier]) -> str:
    """Return the answer to "does a teacher's plan lift my student, and at what cost?" for each student and problem set.

    Args:
        found: comparisons from `summary.comparisons`.
        made: frontiers of the same experiment.

    Returns:
        One or more sentences per student and problem set; "" if no student was taught.
    """
    return " ".join(filter(None, (_of_student(frontier, found) for frontier in made)))


def _of_student(frontier: Frontier, found: Sequence[ComparisonSummary]) -> str:
    taught = {point.condition: point for point in frontier.of_kind("taught")}
    own = [c for c in found if c["b_condition"] in taught]
    if not own:
        return ""
    # the largest significant lift; without one, the largest difference, reported as no evidence
    held = [c for c in own if corrected_p(c) < LEVEL and c["difference"] > 0]
    best = max(held or own, key=lambda c: c["difference"])
    point = taught[best["b_condition"]]
    where = f"{frontier.student} on {frontier.problems}"
    if held:
        return (
            f"{point.label} lifts {where} by {100 * best['difference']:.1f} points over {best['a']} "
            f"({_from_to(best)}, n = {best['n']}, {_p(corrected_p(best))})"
            f"{_cost(point, frontier.point(best['a_condition']))}{_cheaper(point, frontier)}.{_mixed(point)}"
        )
    return f"No evidence that a teacher lifts {where}{_needed(best)}."


def _from_to(c: ComparisonSummary) -> str:
    """Return both accuracies on the common problems, derived from the difference and the relative gain."""
    base = c["difference"] / c["gain"] if c["gain"] else 0.0
    return f"{_percent(base)} to {_percent(base + c['difference'])}"


def _mixed(point: Point) -> str:
    """Return a warning if random mixing does better: the teacher's own answers to random problems for the same tokens."""
    if point.above is None or point.above.value >= 0 or point.p_holm is None or point.p_holm >= LEVEL:
        return ""
    mixed = _percent(point.accuracy.value - point.above.value)
    return (
        f" For as many tokens the teacher's own answers to randomly chosen problems would reach {mixed} ({_p(point.p_holm)})."
    )


def _cost(point: Point, compared: Point | None) -> str:
    """Return the teacher's output tokens of a method; if its base asks the teacher, too, those beyond the base.

    The cost is left out ("") if either teacher told no tokens.
    """
    if point.untold or (compared and compared.untold):
        return ""
    before = compared.output_tokens if compared else 0.0
    more = "more " if before else ""
    in_all = f" ({point.output_tokens:,.0f} in all)" if before else ""
    return f"; it costs {point.output_tokens - before:,.0f} {more}output tokens of the teacher per problem{in_all}"


def _cheaper(point: Point, frontier: Frontier) -> str:
    """Name a ladder that is at least as accurate with fewer output tokens of the teacher, if there is one."""
    ladders = [
        p for p in frontier.of_kind("taught") if " > " in p.label and not p.untold and p.output_tokens < point.output_tokens
    ]
    good = [p for p in ladders if p.accuracy.value >= point.accuracy.value]
    if not good:
        return ""
    best = min(good, key=lambda p: p.output_tokens)
    return f"; {best.label} reaches {_percent(best.accuracy.value)} for {best.output_tokens:,.0f}"


def _needed(best: ComparisonSummary) -> str:
    size = f"{100 * best['difference']:+.1f} points over {best['a']} on {best['n']} problems"
    if best["difference"] <= 0 or not best["needed"]:
        return f": the best difference is {size}"
    return (
        f" ({size}, {_p(corrected_p(best))}); "
        f"about {best['needed']:,} problems would be needed to see a difference of this size"
    )


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _p(value: float) -> str:
    # without the leading zero, as papers print p-values
    return "p < .001" if value < 0.001 else f"p = {value:.3f}".replace("0.", ".", 1)
