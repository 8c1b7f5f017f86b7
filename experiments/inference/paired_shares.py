"""Two shares of the same problems, from the four counts alone: intervals that hold for few problems, and a test of a margin."""

from __future__ import annotations

from math import sqrt

from .intervals import Interval, normal_quantile


def bonett_price(n: int, gained: float, lost: float) -> Interval:
    """Return the difference of paired shares with the adjusted Wald interval of Bonett and Price (2012).

    It covers what it says from 10 problems on. Where gains and losses are fractional (averages over seeds), it is on the wide
    side.
    """
    up, down = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    half = normal_quantile(0.975) * sqrt((up + down - (up - down) ** 2) / (n + 2))
    return Interval((gained - lost) / n, max(-1.0, up - down - half), min(1.0, up - down + half))


def paired_ratio(both: float, gained: float, lost: float) -> Interval | None:
    """Return the relative gain (share of b / share of a - 1) with the interval of Bonett and Price (2006).

    It joins Wilson's intervals of both shares, narrowed by what the shares have in common. None if `a` solves nothing.

    Args:
        both: problems that both solve.
        gained: problems that only b solves.
        lost: problems that only a solves.
    """
    n, a, b = both + gained + lost, both + lost, both + gained
    if not a:
        return None

    def error(solved: float) -> float:
        share = (solved + 1) / (n + 2)
        return sqrt((1 - share) / ((n + 2) * share))

    z = normal_quantile(0.975) * sqrt((gained + lost + 2) / ((a + 1) * (b + 1))) / (error(a) + error(b))

    def ends(solved: float) -> tuple[float, float]:
        middle, half = 2 * solved + z**2, z * sqrt(z**2 + 4 * solved * (1 - solved / n))
        return (middle - half) / (2 * (n + z**2)), (middle + half) / (2 * (n + z**2))

    (a_low, a_high), (b_low, b_high) = ends(a), ends(b)
    return Interval(b / a - 1, max(0.0, b_low / a_high) - 1, b_high / a_low - 1 if a_low > 0 else None)


def noninferiority(n: int, gained: float, lost: float, margin: float) -> float:
    """Return the p-value of Tango's score test (1998) that b is worse than a by the margin or more.

    The variance is the one that holds at the margin, so that few or no changed problems prove nothing by themselves.

    Args:
        n: problems.
        gained: problems that only b solves.
        lost: problems that only a solves.
        margin: from 0 to 1.
    """
    from scipy.special import ndtr

    # the share of gained problems that is most likely if the difference is exactly -margin: the root of a quadratic
    linear = gained + lost - margin * (2 * n + gained - lost)
    share = (linear + sqrt(linear**2 + 8 * n * gained * margin * (1 - margin))) / (4 * n)
    variance = n * (2 * share + margin * (1 - margin))
    distance = gained - lost + n * margin
    if variance <= 0:
        return 0.5 if not distance else 0.0 if distance > 0 else 1.0
    return float(ndtr(-distance / sqrt(variance)))
