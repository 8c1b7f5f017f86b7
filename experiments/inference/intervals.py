"""Intervals, McNemar's test and corrections for several tests; the mathematics is that of scipy and statsmodels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval; `low` and `high` are None where none can be given."""

    value: float
    low: float | None
    high: float | None


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


def mcnemar(gained: int, lost: int) -> float:
    """Return the two-sided p-value of McNemar's exact test (a binomial test on the problems that changed)."""
    from statsmodels.stats.contingency_tables import mcnemar as test

    return float(test([[0, gained], [lost, 0]], exact=True).pvalue) if gained + lost else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for several comparisons (Holm 1979)."""
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(p_values, method="holm")[1]] if p_values else []


def pass_at_k(correct: int, n: int, k: int) -> float:
    """Return the chance that at least one of k draws is right, of n trials of which some were (Chen et al. 2021, unbiased)."""
    from scipy.stats import hypergeom

    return float(1 - hypergeom.pmf(0, n, correct, k))
