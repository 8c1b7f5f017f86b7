"""How many problems an experiment needs, by the power of the exact test and not of its approximation."""

from __future__ import annotations

from math import ceil, sqrt
from typing import Any

from .intervals import normal_quantile

LARGEST = 3_000
"""Beyond this many problems the corrected approximation is within a percent of the exact test, and is returned."""


def problems_needed(gained: float, lost: float, *, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """Return how many problems McNemar's exact test needs to see shares of gained and lost problems.

    Args:
        gained: share of problems that only the one condition solves.
        lost: share that only the other solves.
        alpha: two-sided level.
        power: probability to see it.

    Returns:
        None if there is no difference.
    """
    if abs(gained - lost) < 1e-12:
        return None
    guess = _approximate(gained, lost, alpha, power)
    if guess > LARGEST:
        return guess
    low, high = 1, max(8, guess)
    while exact_power(high, gained, lost, alpha) < power:
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        if exact_power(middle, gained, lost, alpha) < power:
            low = middle + 1
        else:
            high = middle
    return high


def exact_power(n: int, gained: float, lost: float, alpha: float = 0.05) -> float:
    """Return the probability that McNemar's exact test on n problems is significant.

    The number of changed problems is binomial, and so is the number of gained ones among them.
    """
    import numpy
    from scipy.special import bdtr, bdtrc, bdtrik

    share = min(1.0, gained + lost)
    middle, spread = n * share, 8 * sqrt(n * share * (1 - share)) + 2
    changed = numpy.arange(max(0, int(middle - spread)), min(n, int(middle + spread) + 1) + 1)
    # the largest number of problems on the smaller side that is still significant; -1 if none is
    critical = numpy.ceil(bdtrik(alpha / 2, changed, 0.5))
    for _ in range(2):  # the inverse is inexact where it is a whole number
        critical = numpy.where(bdtr(critical, changed, 0.5) <= alpha / 2, critical, critical - 1)
    rate = gained / (gained + lost)
    some = critical >= 0
    lower = numpy.where(some, bdtr(numpy.maximum(critical, 0), changed, rate), 0.0)
    upper = numpy.where(some, bdtrc(changed - numpy.maximum(critical, 0) - 1, changed, rate), 0.0)
    return float((binomial(changed, n, share) * (lower + upper)).sum())


def binomial(k: Any, n: int, share: float) -> Any:
    """Return the probabilities of k successes in n trials, for an array of k."""
    import numpy
    from scipy.special import gammaln, xlog1py, xlogy

    k = numpy.asarray(k, float)
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return numpy.exp(ways + xlogy(k, share) + xlog1py(n - k, -share))


def _approximate(gained: float, lost: float, alpha: float, power: float) -> int:
    """Return the number by the normal approximation (Connor 1987) with a correction for continuity (Fleiss)."""
    difference, changed = abs(gained - lost), gained + lost
    z_alpha, z_power = normal_quantile(1 - alpha / 2), normal_quantile(power)
    root = z_alpha * sqrt(changed) + z_power * sqrt(max(0.0, changed - difference**2))
    plain = (root / difference) ** 2
    return ceil(plain / 4 * (1 + sqrt(1 + 4 / (plain * difference))) ** 2)
