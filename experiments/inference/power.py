"""The number of problems that an experiment needs, from the power of McNemar's exact test."""

from __future__ import annotations

from math import ceil, sqrt
from typing import Any

from .intervals import normal_quantile

LARGEST = 3_000
"""Above this many problems the approximation is within 1 % of the exact number and is returned as it is."""


def problems_needed(gained: float, lost: float, *, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """Return how many problems McNemar's exact test needs to detect a difference.

    Args:
        gained: share of problems that only one condition solves, from 0 to 1.
        lost: share of problems that only the other condition solves.
        alpha: two-sided significance level.
        power: probability of a significant result.

    Returns:
        The number of problems; None if both shares are equal.
    """
    if abs(gained - lost) < 1e-12:
        return None
    guess = _approximate(gained, lost, alpha, power)
    if guess > LARGEST:
        return guess
    # the approximation may be too low for few problems: double until the power suffices, then bisect
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

    The number of changed problems is binomial, and so is the number of gained ones among them. Arguments are as for
    `problems_needed`.
    """
    import numpy
    from scipy.special import bdtr, bdtrc, bdtrik

    share = min(1.0, gained + lost)
    # eight standard deviations around the mean: what lies beyond is negligible
    middle, spread = n * share, 8 * sqrt(n * share * (1 - share)) + 2
    changed = numpy.arange(max(0, int(middle - spread)), min(n, int(middle + spread) + 1) + 1)
    # the largest number of problems on the smaller side that is still significant; -1 if none is
    critical = numpy.ceil(bdtrik(alpha / 2, changed, 0.5))
    for _ in range(2):  # the inverse may be off by one where it is an integer
        critical = numpy.where(bdtr(critical, changed, 0.5) <= alpha / 2, critical, critical - 1)
    rate = gained / (gained + lost)
    some = critical >= 0
    lower = numpy.where(some, bdtr(numpy.maximum(critical, 0), changed, rate), 0.0)
    upper = numpy.where(some, bdtrc(changed - numpy.maximum(critical, 0) - 1, changed, rate), 0.0)
    return float((binomial(changed, n, share) * (lower + upper)).sum())


def binomial(k: Any, n: int, share: float) -> Any:
    """Return the probability of k successes in n trials for each k of an array. Logarithms avoid overflow for large n."""
    import numpy
    from scipy.special import gammaln, xlog1py, xlogy

    k = numpy.asarray(k, float)
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return numpy.exp(ways + xlogy(k, share) + xlog1py(n - k, -share))


def _approximate(gained: float, lost: float, alpha: float, power: float) -> int:
    """Return the number from the normal approximation (Connor 1987) with Fleiss's continuity correction."""
    difference, changed = abs(gained - lost), gained + lost
    z_alpha, z_power = normal_quantile(1 - alpha / 2), normal_quantile(power)
    root = z_alpha * sqrt(changed) + z_power * sqrt(max(0.0, changed - difference**2))
    plain = (root / difference) ** 2
    return ceil(plain / 4 * (1 + sqrt(1 + 4 / (plain * difference))) ** 2)
