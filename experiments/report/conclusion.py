"""Sum up comparisons in a sentence: `conclusion`."""

from __future__ import annotations

from collections.abc import Sequence

from ...foundation.wording import counted
from .measures import ComparisonSummary

LEVEL = 0.05
"""Significance level for p-values that are corrected for several comparisons."""


FEWEST_CLUSTERS = 6
"""With fewer clusters a permutation test over them cannot be significant: 5 clusters give p >= 2 / 2**5 = 0.0625."""


def conclusion(found: Sequence[ComparisonSummary]) -> str:
    """Return a sentence on all comparisons of a table, one on the parts of a breakdown, and one on too few clusters.

    Args:
        found: comparisons with corrected p-values.

    Returns:
        The sentences that apply, "" without comparisons.
    """
    # with several students a method alone does not say which combination is meant
    if len({c["student"] for c in found}) > 1:
        found = [{**c, "b": f"{c['student']} {c['b']}"} if not c["b"].startswith(c["student"]) else c for c in found]
    whole, parts = ([c for c in found if bool(c["group"]) is grouped] for grouped in (False, True))
    said = _of_all(parts)
    of_parts = f"In the parts: {said[0].lower() if said.startswith('No ') else said[0]}{said[1:]}" if said else ""
    return " ".join(filter(None, (_of_all(whole), of_parts, _of_clusters(found))))


def _of_clusters(found: Sequence[ComparisonSummary]) -> str:
    few = [c["clusters"] for c in found if c["clusters"] is not None and c["clusters"] < FEWEST_CLUSTERS]
    if not few:
        return ""
    which = f"only {few[0]} clusters" if len(found) == 1 else f"fewer than {FEWEST_CLUSTERS} clusters in {len(few)} of them"
    return f"There are {which}: the test cannot show anything; it needs at least {FEWEST_CLUSTERS}."


def _of_all(found: Sequence[ComparisonSummary]) -> str:
    if not found:
        return ""
    if len(found) == 1:
        return _of_one(found[0])
    lifts = [c for c in found if _significant(c) and c["difference"] > 0]
    drops = [c for c in found if _significant(c) and c["difference"] < 0]
    # not significant does not mean equal: say "no evidence", and how many problems would be needed
    if not lifts and not drops:
        best = max(found, key=lambda c: c["difference"])
        return f"No evidence of a lift in {len(found)} comparisons; {_of_largest(best)}"
    parts = []
    if lifts:
        best = max(lifts, key=lambda c: c["difference"])
        parts.append(f"{len(lifts)} of {len(found)} comparisons show a lift, the largest of {_points(best)} by {_pair(best)}")
    if drops:
        worst = min(drops, key=lambda c: c["difference"])
        parts.append(f"{len(drops)} of {len(found)} show a loss, the largest of {_points(worst)} by {_pair(worst)}")
    return "; ".join(parts) + "."


def _of_one(c: ComparisonSummary) -> str:
    if _significant(c):
        kind = "a lift" if c["difference"] > 0 else "a loss"
        return f"{_who(c)} shows {kind} of {_points(c)} over {c['a']} on {_problems(c)}{_range(c)}."
    margin = c["margin"]
    if margin is not None and c["p_equivalent"] is not None and c["p_equivalent"] < LEVEL:
        return f"As good as equal: the difference is smaller than {100 * margin:g} points on {_problems(c)}."
    if margin is not None and c["p_not_worse"] is not None and c["p_not_worse"] < LEVEL:
        return f"{_who(c)} is not worse than {c['a']} by more than {100 * margin:g} points; no evidence of a difference."
    beyond = f", and none that it is within {100 * margin:g} points" if margin is not None else ""
    kind = "a loss" if c["difference"] < 0 else "a lift"
    if not c["difference"]:
        return f"No evidence of a difference{beyond}: {c['a']} and {_who(c)} score the same on {_problems(c)}."
    return f"No evidence of {kind}{beyond}; {_of_size(c)}"


def _problems(c: ComparisonSummary) -> str:
    return "this problem" if c["n"] == 1 else f"these {counted(c['n'], 'problem')}"


def _of_largest(c: ComparisonSummary) -> str:
    if c["difference"] <= 0:
        return "none scores above its base."
    return f"the largest difference is {_points(c)} by {_pair(c)}; {_of_size(c, said=True)}"


def _of_size(c: ComparisonSummary, *, said: bool = False) -> str:
    """Say how many problems a difference of this size needs. With `said` the sentence has named the size already."""
    needed, size = c["needed"], "" if said else f" ({_points(c)})"
    if needed is None:
        return "the difference is within what chance gives."
    # no advice to run fewer problems than were run; and few clusters need more clusters, not more problems
    if needed <= c["n"] or (c["clusters"] or FEWEST_CLUSTERS) < FEWEST_CLUSTERS:
        return f"a difference of this size{size} is within what chance gives."
    return f"about {needed:,} problems would be needed to see one of this size{size}."


def _significant(c: ComparisonSummary) -> bool:
    return corrected_p(c) < LEVEL


def corrected_p(c: ComparisonSummary) -> float:
    """Return the corrected p-value, or the plain one if it was not corrected."""
    return c["p"] if c["p_holm"] is None else c["p_holm"]


def _who(c: ComparisonSummary) -> str:
    return c["b"] + (f" ({c['group']})" if c["group"] else "")


def _pair(c: ComparisonSummary) -> str:
    return f"{_who(c)} over {c['a']}"


def _points(c: ComparisonSummary) -> str:
    return f"{100 * c['difference']:+.1f} points"


def _range(c: ComparisonSummary) -> str:
    low, high = c["difference_low"], c["difference_high"]
    return f" (95 % interval {100 * low:+.1f} to {100 * high:+.1f})" if low is not None and high is not None else ""
