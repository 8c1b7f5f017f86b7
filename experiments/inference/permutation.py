"""Paired permutation tests that are exact with ties: differences are scaled to integers before they are added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from .power import binomial

# plus the observed sample this makes 100,000
DRAWS = 99_999
WIDEST = 4_000_000
"""Largest sum of the integer differences for which the exact distribution is computed; beyond it signs are drawn at random."""

_FINEST = 10_000
"""Largest denominator of a score. Averages over seeds or epochs have small ones."""


def sign_flip(differences: Sequence[float]) -> float:
    """Return the two-sided p-value of a paired permutation test, which flips the sign of each difference at random.

    The distribution of the sum is exact: it is a convolution over integers. Equal sums therefore count as equal, while in
    floats sums of thirds differ in their last digit. If scores have no small common denominator, signs are drawn instead.

    Args:
        differences: one per problem, or the sum over each cluster of problems.
    """
    whole = _whole([change for change in differences if change])
    if whole is None:
        return _drawn(differences)
    total, observed = sum(map(abs, whole)), abs(sum(whole))
    if not total:
        return 1.0
    weights = _distribution([abs(change) for change in whole], total)
    # position k of the distribution is the sum of the positive differences; the signed sum is 2k - total
    low, high = (total - observed) // 2, (total + observed + 1) // 2
    return 1.0 if not observed else min(1.0, float(weights[: low + 1].sum() + weights[high:].sum()))


def _whole(changes: Sequence[float]) -> list[int] | None:
    """Return the differences in units of their common denominator; None if it or their sum exceeds the limits above."""
    exact = [Fraction(change).limit_denominator(_FINEST) for change in changes]
    # a score that is no such fraction was only approximated
    if any(abs(float(fraction) - change) > 1e-9 for fraction, change in zip(exact, changes, strict=True)):
        return None
    unit = 1
    for fraction in exact:
        unit = lcm(unit, fraction.denominator)
        # many unlike denominators make a unit of hundreds of digits; stop before
        if unit > WIDEST:
            return None
    scaled = [int(fraction * unit) for fraction in exact]
    return scaled if sum(map(abs, scaled)) <= WIDEST else None


def _distribution(sizes: list[int], total: int) -> Any:
    """Return the probabilities that the positive differences add up to 0, 1, ..., total."""
    import numpy

    weights = numpy.ones(1)
    # equal sizes are handled together: the number of positive ones is binomial, which saves a convolution for each
    for size, count in sorted(Counter(sizes).items()):
        spread = numpy.zeros(size * count + 1)
        spread[::size] = binomial(numpy.arange(count + 1), count, 0.5)
        weights = _convolved(weights, spread)
    assert len(weights) == total + 1
    return weights


def _convolved(left: Any, right: Any) -> Any:
    import numpy

    if min(len(left), len(right)) < 2_000:
        return numpy.convolve(left, right)
    from scipy.signal import fftconvolve  # a second to import, and only long sums need it

    # rounding in the transform leaves tiny negative numbers, which are no probabilities
    return numpy.clip(fftconvolve(left, right), 0, None)


def _drawn(differences: Sequence[float]) -> float:
    import numpy
    from scipy.stats import permutation_test

    changes = numpy.asarray([change for change in differences if change], float)
    # scipy needs two observations; one difference has either sign with p = 1
    if len(changes) == 1:
        return 1.0
    found = permutation_test(
        (changes,),
        lambda x, axis: x.sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=DRAWS,
        rng=numpy.random.default_rng(0),
        # limits the memory of one batch of draws to 10 million floats
        batch=max(1, 10_000_000 // len(changes)),
    )
    return float(found.pvalue)
