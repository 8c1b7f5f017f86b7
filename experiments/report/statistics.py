"""Intervals and tests for accuracies on the same problems; the mathematics is that of scipy and statsmodels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite, sqrt
from typing import Any

RESAMPLES = 9_999


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval; `low` and `high` are None where none can be given."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Comparison:
    """Two conditions on the same problems: `b` against the base `a`.

    Attributes:
        n: problems that both have.
        difference: accuracy of b less accuracy of a, with a bootstrap interval over problems.
        gain: (accuracy of b / accuracy of a) - 1, the paper's figure; its value is None if a solves nothing.
        gained: problems that only b solves.
        lost: problems that only a solves.
        p: of McNemar's exact test, or of a permutation test where scores are averages over seeds.
        p_holm: corrected for the number of comparisons.
        test: name of the test.
        needed: problems that would show a difference of this size with 80 % power at 5 %; None if there is none to show.
    """

    n: int
    difference: Interval
    gain: Interval | None
    gained: float
    lost: float
    p: float
    test: str
    needed: int | None
    p_holm: float | None = None


def wilson(successes: float, n: int, confidence: float = 0.95) -> Interval:
    """Return a share with Wilson's score interval (Wilson 1927).

    Args:
        successes: may be fractional, where scores are averages over seeds; the interval is then on the wide side.
        n: problems.
        confidence: of the interval.
    """
    from statsmodels.stats.proportion import proportion_confint

    if n == 0:
        return Interval(0.0, None, None)
    low, high = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    return Interval(successes / n, max(0.0, float(low)), min(1.0, float(high)))


def compare(a: Sequence[float], b: Sequence[float], *, resamples: int = RESAMPLES) -> Comparison:
    """Compare two conditions by their scores on the same problems, in the same order, from 0 to 1.

    Raises:
        ValueError: the lengths differ, or there are no problems.
    """
    if len(a) != len(b) or not a:
        raise ValueError(f"paired scores are needed; got {len(a)} and {len(b)}")
    gained = sum(max(0.0, after - before) for before, after in zip(a, b, strict=True))
    lost = sum(max(0.0, before - after) for before, after in zip(a, b, strict=True))
    whole = all(score in (0, 1) for score in (*a, *b))
    p, test = (mcnemar(int(gained), int(lost)), "McNemar exact") if whole else (permutation(a, b), "paired permutation")
    difference, gain = bootstrap(a, b, resamples=resamples)
    return Comparison(len(a), difference, gain, gained, lost, p, test, problems_needed(gained / len(a), lost / len(a)))


def mcnemar(gained: int, lost: int) -> float:
    """Return the two-sided p-value of McNemar's exact test (a binomial test on the problems that changed)."""
    from statsmodels.stats.contingency_tables import mcnemar as test

    return float(test([[0, gained], [lost, 0]], exact=True).pvalue) if gained + lost else 1.0


def permutation(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the two-sided p-value of a paired permutation test (random signs), for scores that are averages.

    Exact up to 12 changed problems. Beyond that signs are drawn, for equal differences together (a binomial), so that many
    problems cost no more than few.
    """
    import numpy

    changes = numpy.asarray(b, float) - numpy.asarray(a, float)
    changes = changes[changes != 0]
    if len(changes) <= 12:
        return _exact_permutation(changes)
    sizes, counts = numpy.unique(numpy.abs(changes), return_counts=True)
    positive = numpy.random.default_rng(0).binomial(counts, 0.5, size=(RESAMPLES, len(counts)))
    sums = numpy.abs((2 * positive - counts) @ sizes)
    return float((1 + (sums >= abs(changes.sum()) - 1e-9).sum()) / (RESAMPLES + 1))


def _exact_permutation(changes: Any) -> float:
    from scipy.stats import permutation_test

    if not len(changes):
        return 1.0
    found = permutation_test(
        (changes,), lambda x, axis: x.sum(axis=axis), permutation_type="samples", vectorized=True, n_resamples=5_000
    )
    return float(found.pvalue)


def bootstrap(a: Sequence[float], b: Sequence[float], *, resamples: int = RESAMPLES) -> tuple[Interval, Interval | None]:
    """Return the difference and the relative gain with 95 % percentile intervals of a paired bootstrap over problems.

    Problems with the same pair of scores are drawn together (a multinomial), so that 100,000 problems cost no more than 100.
    The same resamples serve both. The gain is None if `a` solves nothing; its upper end is None if `a` solves nothing in more
    than 2.5 % of the resamples, so that the gain has no bound.
    """
    import numpy

    before, after = numpy.asarray(a, float), numpy.asarray(b, float)
    pairs, counts = numpy.unique(numpy.stack([before, after], axis=1), axis=0, return_counts=True)
    draws = numpy.random.default_rng(0).multinomial(len(before), counts / len(before), size=resamples)
    means = draws @ pairs / len(before)
    low, high = numpy.quantile(means[:, 1] - means[:, 0], [0.025, 0.975])
    difference = Interval(float(after.mean() - before.mean()), float(low), float(high))
    if not before.any():
        return difference, None
    with numpy.errstate(divide="ignore", invalid="ignore"):
        gains = numpy.where(means[:, 0] > 0, means[:, 1] / means[:, 0] - 1, numpy.inf)
    ends = [float(end) for end in numpy.quantile(gains, [0.025, 0.975], method="inverted_cdf")]
    value = float(after.mean() / before.mean() - 1)
    return difference, Interval(value, *(end if isfinite(end) else None for end in ends))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for several comparisons (Holm 1979)."""
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(p_values, method="holm")[1]] if p_values else []


def problems_needed(gained: float, lost: float, *, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """Return how many problems McNemar's test needs to see shares of gained and lost problems (Connor 1987).

    Args:
        gained: share of problems that only the one condition solves.
        lost: share that only the other solves.
        alpha: two-sided level.
        power: probability to see it.

    Returns:
        None if there is no difference.
    """
    from scipy.stats import norm

    difference, changed = gained - lost, gained + lost
    if abs(difference) < 1e-12:
        return None
    z_alpha, z_power = norm.ppf(1 - alpha / 2), norm.ppf(power)
    root = z_alpha * sqrt(changed) + z_power * sqrt(max(0.0, changed - difference**2))
    return ceil((root / difference) ** 2)
