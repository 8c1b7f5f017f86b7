"""Intervals, McNemar's test, corrections for several tests and pass@k.

Only `scipy.special` is imported, and only when needed: statsmodels and `scipy.stats` take seconds to import, far longer than
any of these numbers. Tests hold the results to theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval; `low` and `high` are None where none can be given."""

    value: float
    low: float | None
    high: float | None


def wilson(successes: float, n: int, confidence: float = 0.95) -> Interval:
    """Return a share with Wilson's score interval (Wilson 1927).

    It stays within 0 and 1 and has a width at 0 and n successes, where the textbook (Wald) interval collapses to a point.

    Args:
        successes: number of successes. May be fractional, where scores are averages over seeds; the interval is then too wide
            rather than too narrow.
        n: number of problems.
        confidence: confidence level.
    """
    if n == 0:
        return Interval(0.0, None, None)
    share, z = successes / n, normal_quantile((1 + confidence) / 2)
    scale = 1 + z**2 / n
    middle = (share + z**2 / (2 * n)) / scale
    half = z / scale * sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def normal_quantile(probability: float) -> float:
    """Return the quantile of the standard normal distribution."""
    return NormalDist().inv_cdf(probability)


def mcnemar(gained: int, lost: int) -> float:
    """Return the two-sided p-value of McNemar's exact test: a binomial test on the problems that changed.

    The problems that both or neither solve say nothing about the difference, so they do not enter.
    """
    from scipy.special import bdtr

    # both tails are equal at a probability of one half; at gained == lost they would count the middle twice
    return min(1.0, 2 * float(bdtr(min(gained, lost), gained + lost, 0.5))) if gained + lost else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for several comparisons (Holm 1979), in the given order.

    Holm's correction is valid however the comparisons depend on each other: those of one experiment share problems and bases.
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        # never below an earlier one: a larger p-value must not become the smaller of the two
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected


def pass_at_k(correct: int, n: int, k: int) -> float:
    """Return the chance that at least one of k draws is right, of n trials of which some were (Chen et al. 2021, unbiased).

    Drawing without replacement is what makes it unbiased: 1 - (1 - correct/n)**k is too low.
    """
    return 1 - comb(n - correct, k) / comb(n, k)
