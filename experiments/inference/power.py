"""How many problems an experiment needs, by the power of the exact test and not of its approximation."""

from __future__ import annotations

from math import ceil, sqrt

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
    from scipy.stats import binom

    share = min(1.0, gained + lost)
    middle, spread = n * share, 8 * sqrt(n * share * (1 - share)) + 2
    changed = numpy.arange(max(0, int(middle - spread)), min(n, int(middle + spread) + 1) + 1)
    # the largest number of problems on the smaller side that is still significant; -1 if none is
    critical = binom.ppf(alpha / 2, changed, 0.5)
    critical = numpy.where(binom.cdf(critical, changed, 0.5) <= alpha / 2, critical, critical - 1)
    rate = gained / (gained + lost)
    rejected = binom.cdf(critical, changed, rate) + binom.sf(changed - critical - 1, changed, rate)
    return float((binom.pmf(changed, n, share) * rejected).sum())


def _approximate(gained: float, lost: float, alpha: float, power: float) -> int:
    """Return the number by the normal approximation (Connor 1987) with a correction for continuity (Fleiss)."""
    from scipy.stats import norm

    difference, changed = abs(gained - lost), gained + lost
    z_alpha, z_power = norm.ppf(1 - alpha / 2), norm.ppf(power)
    root = z_alpha * sqrt(changed) + z_power * sqrt(max(0.0, changed - difference**2))
    plain = (root / difference) ** 2
    return ceil(plain / 4 * (1 + sqrt(1 + 4 / (plain * difference))) ** 2)
