"""Compare two conditions on the same problems: difference, relative gain, test, equivalence. The door is `compare`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import ceil, fsum, isfinite, sqrt

from .intervals import Interval, mcnemar
from .paired_shares import bonett_price, noninferiority, paired_ratio
from .permutation import sign_flip
from .power import problems_needed

# plus the observed sample this makes 10,000
RESAMPLES = 9_999
FEW = 100
"""Below this many problems a percentile bootstrap covers less than its nominal 95 %, so another interval is used."""


@dataclass(frozen=True)
class Equivalence:
    """Tests of whether `b` is as good as `a` within a margin.

    Attributes:
        margin: margin in accuracy, from 0 to 1.
        p_not_worse: p-value against the null hypothesis "b is worse by the margin or more".
        p_equivalent: p-value of two one-sided tests (TOST) against the null hypothesis "the difference is outside the margin".
    """

    margin: float
    p_not_worse: float
    p_equivalent: float


@dataclass(frozen=True)
class Comparison:
    """Two conditions on the same problems: `b` against the base `a`.

    Attributes:
        n: number of problems.
        difference: accuracy of b minus accuracy of a, with its 95 % interval.
        gain: relative gain, accuracy of b / accuracy of a - 1, the paper's measure. None if a solves nothing, and with
            clusters, for which there is no interval.
        gained: sum of the increases in score; for scores of 0 and 1 the number of problems that only b solves.
        lost: sum of the decreases in score; for scores of 0 and 1 the number of problems that only a solves.
        p: p-value of McNemar's exact test, or of a permutation test if scores are averages or problems are clustered.
        test: name of the test.
        interval: name of the interval's method.
        error: standard error of the difference, cluster-robust with clusters; None for a single problem.
        needed: problems needed to show a difference of this size with 80 % power at the 5 % level; None if there is no
            difference, or if scores are not between 0 and 1.
        clusters: number of clusters; None without.
        equivalence: tests of equivalence; None without a margin.
        p_holm: p-value corrected for several comparisons; None if it was not corrected.
    """

    n: int
    difference: Interval
    gain: Interval | None
    gained: float
    lost: float
    p: float
    test: str
    interval: str
    error: float | None
    needed: int | None
    clusters: int | None = None
    equivalence: Equivalence | None = None
    p_holm: float | None = None


def compare(
    a: Sequence[float],
    b: Sequence[float],
    *,
    clusters: Sequence[Hashable] | None = None,
    margin: float | None = None,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Compare two conditions by their scores on the same problems.

    Args:
        a: scores of the base, one per problem: usually 0 or 1, or averages over seeds.
        b: scores of the other condition, in the same order.
        clusters: the cluster of each problem, such as its passage or template, if problems are not independent.
        margin: also test whether b is as good as a within this difference in accuracy (0 to 1).
        resamples: number of bootstrap resamples.

    Raises:
        ValueError: the lengths differ, or there are no problems.

    Note:
        The interval depends on the data: cluster-robust with clusters; Bonett-Price below 100 problems with scores from 0 to 1;
        Student's t below 100 problems with other scores; otherwise a paired bootstrap.
    """
    if len(a) != len(b) or not a or (clusters is not None and len(clusters) != len(a)):
        raise ValueError(f"paired scores are needed; got {len(a)} and {len(b)}")
    changes = [after - before for before, after in zip(a, b, strict=True)]
    gained, lost = sum(change for change in changes if change > 0), -sum(change for change in changes if change < 0)
    whole = all(score in (0, 1) for score in (*a, *b))
    if clusters is not None:
        # whole clusters are the independent units, so their signs are flipped
        p, test = sign_flip(_sums(changes, clusters)), "cluster permutation"
    elif whole:
        p, test = mcnemar(int(gained), int(lost)), "McNemar exact"
    else:
        p, test = sign_flip(changes), "paired permutation"
    fit, shares = _fit(changes, clusters), _shares(a, b)
    gain: Interval | None = None
    if clusters is not None and fit is not None:
        interval, difference = "clustered", _around(fit, changes)
    elif len(a) < FEW and shares:
        interval, difference = "Bonett-Price", bonett_price(len(a), gained, lost)
        # the minimum of both scores is what both conditions solve
        gain = paired_ratio(fsum(map(min, a, b)), gained, lost)
    else:
        interval = "bootstrap"
        difference, gain = bootstrap(a, b, resamples=resamples)
        if len(a) < FEW:
            interval, difference = "t", _around(fit, changes)
    if shares:
        difference = _within_bounds(difference)
    return Comparison(
        n=len(a),
        difference=difference,
        gain=gain if clusters is None else None,
        gained=gained,
        lost=lost,
        p=p,
        test=test,
        interval=interval,
        error=fit.error if fit is not None else None,
        needed=_needed(changes, gained, lost, fit) if shares else None,
        clusters=len(set(clusters)) if clusters is not None else None,
        equivalence=_equivalence(changes, fit, margin, whole and clusters is None) if margin is not None else None,
    )


def bootstrap(a: Sequence[float], b: Sequence[float], *, resamples: int = RESAMPLES) -> tuple[Interval, Interval | None]:
    """Return the difference and the relative gain with 95 % percentile intervals of a paired bootstrap over problems.

    Problems with the same pair of scores are drawn together (a multinomial), so 100,000 problems cost no more than 100. Both
    intervals use the same resamples.

    Returns:
        The difference and the gain. The gain is None if `a` solves nothing. Its upper end is None, for unbounded, if `a` solves
        nothing in more than 2.5 % of the resamples.
    """
    import numpy

    before, after = numpy.asarray(a, float), numpy.asarray(b, float)
    pairs, counts = numpy.unique(numpy.stack([before, after], axis=1), axis=0, return_counts=True)
    # a fixed seed: the same journal gives the same report
    draws = numpy.random.default_rng(0).multinomial(len(before), counts / len(before), size=resamples)
    means = draws @ pairs / len(before)
    low, high = numpy.quantile(means[:, 1] - means[:, 0], [0.025, 0.975])
    difference = Interval(float(after.mean() - before.mean()), float(low), float(high))
    if not before.any():
        return difference, None
    with numpy.errstate(divide="ignore", invalid="ignore"):
        gains = numpy.where(means[:, 0] > 0, means[:, 1] / means[:, 0] - 1, numpy.inf)
    # this method returns a value that occurred; interpolating with infinity would give nan
    ends = [float(end) for end in numpy.quantile(gains, [0.025, 0.975], method="inverted_cdf")]
    value = float(after.mean() / before.mean() - 1)
    return difference, Interval(value, *(end if isfinite(end) else None for end in ends))


@dataclass(frozen=True)
class _Fit:
    """The mean change with its standard error and the degrees of freedom of Student's t."""

    mean: float
    error: float
    degrees: int


def _fit(changes: Sequence[float], clusters: Sequence[Hashable] | None) -> _Fit | None:
    """Return the mean change with its standard error; None for a single problem or cluster.

    With G clusters the error is cluster-robust (Liang and Zeger 1986), with the small-sample correction G / (G - 1) and G - 1
    degrees of freedom. Miller 2024 (arXiv 2411.00640) recommends it for evaluations.
    """
    n, mean = len(changes), fsum(changes) / len(changes)
    residuals = [change - mean for change in changes]
    # without clusters each problem is a cluster of its own, which gives the usual s / sqrt(n)
    groups = _sums(residuals, clusters if clusters is not None else range(n))
    if len(groups) < 2:
        return None
    variance = len(groups) / (len(groups) - 1) * fsum(total**2 for total in groups) / n**2
    return _Fit(mean, sqrt(variance), len(groups) - 1)


def _around(fit: _Fit | None, changes: Sequence[float]) -> Interval:
    from scipy.special import stdtrit

    if fit is None:
        return Interval(fsum(changes) / len(changes), None, None)
    half = float(stdtrit(fit.degrees, 0.975)) * fit.error
    return Interval(fit.mean, fit.mean - half, fit.mean + half)


def _needed(changes: Sequence[float], gained: float, lost: float, fit: _Fit | None) -> int | None:
    """Return the number of problems needed; with clusters it is scaled by the design effect, the ratio of the variances."""
    alone, n = _fit(changes, None), len(changes)
    needed = problems_needed(gained / n, lost / n)
    if needed is None or fit is None or alone is None or not alone.error:
        return needed
    # a design effect below 1 is mostly noise in few clusters, so it never lowers the number
    return ceil(needed * max(1.0, (fit.error / alone.error) ** 2))


def _equivalence(changes: Sequence[float], fit: _Fit | None, margin: float, whole: bool) -> Equivalence:
    """Test both sides of the margin (two one-sided tests, Schuirmann 1987).

    Single scores of 0 or 1 are tested with Tango's score test, averages and clusters with the standard error of the fit. If
    that error is 0, each problem or cluster counts as one unit of Tango's test: no spread in the data does not prove equality.
    """
    from scipy.special import stdtr

    if not whole and fit is not None and fit.error > 1e-12:
        # a t-test of each side; the larger p-value decides on equivalence
        below = float(stdtr(fit.degrees, -(fit.mean + margin) / fit.error))
        above = float(stdtr(fit.degrees, (fit.mean - margin) / fit.error))
        return Equivalence(margin, below, max(below, above))
    # without an error to divide by, count independent units: problems, else clusters
    units = len(changes) if whole else fit.degrees + 1 if fit is not None else 1
    scale = units / len(changes)
    gained, lost = (scale * fsum(sign * change for change in changes if sign * change > 0) for sign in (1, -1))
    below, above = noninferiority(units, gained, lost, margin), noninferiority(units, lost, gained, margin)
    return Equivalence(margin, below, max(below, above))


def _sums(changes: Sequence[float], clusters: Sequence[Hashable]) -> list[float]:
    totals: dict[Hashable, float] = {}
    for change, cluster in zip(changes, clusters, strict=True):
        totals[cluster] = totals.get(cluster, 0.0) + change
    return list(totals.values())


def _within_bounds(found: Interval) -> Interval:
    """Clip the interval of a difference of shares to -1 and 1, the possible values."""
    low, high = found.low, found.high
    return Interval(found.value, None if low is None else max(-1.0, low), None if high is None else min(1.0, high))


def _shares(a: Sequence[float], b: Sequence[float]) -> bool:
    return all(0 <= score <= 1 for score in (*a, *b))
