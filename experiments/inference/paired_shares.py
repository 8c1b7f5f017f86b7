"""Compare two shares of the same problems from counts alone: intervals for few problems, and a non-inferiority test."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from .intervals import Interval, normal_quantile


def bonett_price(n: int, gained: float, lost: float) -> Interval:
    """Return the difference of paired shares with the adjusted Wald interval of Bonett and Price (2012).

    It keeps its 95 % coverage from 10 problems on. With fractional counts (averages over seeds) it is rather too wide.

    Args:
        n: number of problems, including those that did not change.
        gained: problems that only b solves.
        lost: problems that only a solves.
    """
    # the adjustment adds one problem to each side
    up, down = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    half = normal_quantile(0.975) * sqrt((up + down - (up - down) ** 2) / (n + 2))
    return Interval((gained - lost) / n, max(-1.0, up - down - half), min(1.0, up - down + half))


def paired_ratio(both: float, gained: float, lost: float) -> Interval | None:
    """Return the relative gain (share of b / share of a - 1) with the 95 % interval of Bonett and Price (2006).

    The interval combines Wilson intervals of both shares, at a level that accounts for their correlation.

    Args:
        both: problems that both solve.
        gained: problems that only b solves.
        lost: problems that only a solves.

    Returns:
        The gain; None if `a` solves nothing. The upper end is None if it is unbounded.
    """
    # problems that neither solves cancel in a ratio
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

    The variance is estimated under the null hypothesis, at the margin. It stays positive without any changed problem, so a few
    unchanged problems do not count as proof.

    Args:
        n: number of problems.
        gained: problems that only b solves.
        lost: problems that only a solves.
        margin: margin in accuracy, from 0 to 1.
    """
    # the share of gained problems that is most likely if the difference is exactly -margin: the root of a quadratic
    linear = gained + lost - margin * (2 * n + gained - lost)
    share = (linear + sqrt(linear**2 + 8 * n * gained * margin * (1 - margin))) / (4 * n)
    variance = n * (2 * share + margin * (1 - margin))
    distance = gained - lost + n * margin
    # possible only with a margin of 0 or 1
    if variance <= 0:
        return 0.5 if not distance else 0.0 if distance > 0 else 1.0
    return NormalDist().cdf(-distance / sqrt(variance))
