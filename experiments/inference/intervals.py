"""Intervals, McNemar's test, corrections for several tests and pass@k.

Only `scipy.special` is imported, and only when needed, since statsmodels and `scipy.stats` take seconds to import. The tests
compare the results with theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval. `low` or `high` is None if that end is unknown or unbounded."""

    value: float
    low: float | None
    high: float | None


def wilson(successes: float, n: int, confidence: float = 0.95) -> Interval:
    """Return a share (0 to 1) with Wilson's score interval (Wilson 1927).

    It stays within 0 and 1. At 0 and n successes it still has a width, where the textbook (Wald) interval shrinks to a point.

    Args:
        successes: number of successes. May be fractional, where scores are averages over seeds; the interval is then too wide
            rather than too narrow.
        n: number of problems. At 0 the share is 0 and has no interval.
        confidence: confidence level, from 0 to 1.
    """
    if n == 0:
        return Interval(0.0, None, None)
    share, z = successes / n, normal_quantile((1 + confidence) / 2)
    scale = 1 + z**2 / n
    middle = (share + z**2 / (2 * n)) / scale
    half = z / scale * sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # rounding may put an end 1e-17 outside the range
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def normal_quantile(probability: float) -> float:
    """Return the quantile of the standard normal distribution."""
    return NormalDist().inv_cdf(probability)


def mcnemar(gained: int, lost: int) -> float:
    """Return the two-sided p-value of McNemar's exact test (McNemar 1947): a binomial test on the problems that changed.

    Problems that both or neither solve say nothing about the difference and do not enter.

    Args:
        gained: problems that only the other condition solves.
        lost: problems that only the base solves.
    """
    from scipy.special import bdtr

    # both tails are equal at a probability of one half; at gained == lost they would count the middle twice
    return min(1.0, 2 * float(bdtr(min(gained, lost), gained + lost, 0.5))) if gained + lost else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for several comparisons (Holm 1979), in the given order.

    The correction holds under any dependence between the comparisons. Those of one experiment share problems and bases.
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        # the running maximum keeps the order: a larger p-value must not end up below a smaller one
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected


def pass_at_k(correct: int, n: int, k: int) -> float:
    """Return the unbiased estimate of pass@k (Chen et al. 2021): the chance that at least one of k of the n trials is correct.

    The k trials are drawn without replacement. The simpler 1 - (1 - correct/n)**k is biased downwards.

    Args:
        correct: number of correct trials, at most n.
        n: number of trials.
        k: number of trials drawn, from 1 to n.
    """
    return 1 - comb(n - correct, k) / comb(n, k)
