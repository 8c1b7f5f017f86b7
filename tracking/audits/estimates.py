"""Estimate the verifier's error rate, and the accuracy corrected for it, from a stratified sample of judged verdicts.

The number of errors among the traces that nobody judged is unknown. With Jeffreys' prior it has a beta-binomial distribution.
Summing draws over the strata gives intervals that are valid even for few answers or no errors, and that shrink to a point when
every trace was judged (Brown, Cai and DasGupta 2001, on Jeffreys' interval).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy

DRAWS = 20_000
"""Draws for one interval. Its ends vary by less than 1 % of its width."""

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Answered:
    """The reviewers' judgements of a stratum.

    Attributes:
        size: number of traces in the stratum.
        judged: number of verdicts that were judged right or wrong.
        wrong: number of verdicts that were judged wrong.
        verdict: whether the verifier called the answers in this stratum right.
    """

    size: int
    judged: int
    wrong: int
    verdict: bool


@dataclass(frozen=True)
class Estimate:
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Audited:
    """The estimates of an audit. All are shares from 0 to 1.

    Attributes:
        strata: error rate of the verifier by stratum; None if no verdict of the stratum was judged.
        error_rate: error rate over all traces.
        false_right: share of the verdicts "right" that are wrong; None if there are none.
        false_wrong: share of the verdicts "wrong" that are wrong; None if there are none.
        accuracy: accuracy according to the verifier.
        corrected: accuracy corrected for the verifier's errors.
    """

    strata: dict[str, Estimate | None]
    error_rate: Estimate
    false_right: Estimate | None
    false_wrong: Estimate | None
    accuracy: float
    corrected: Estimate


def estimate(strata: Mapping[str, Answered], *, seed: int = 0) -> Audited:
    """Estimate how often the verifier is wrong.

    Point estimates are design-based: each stratum's share of errors, weighted by its size (the Horvitz-Thompson estimator of a
    stratified sample). A stratum without judgements enters with the mean of the prior, one half, and its whole uncertainty.

    Args:
        strata: the strata by name.
        seed: seed of the draws.

    Raises:
        ValueError: there are no traces.
    """
    import numpy

    if not sum(stratum.size for stratum in strata.values()):
        raise ValueError("there are no verdicts to audit")
    random = numpy.random.default_rng(seed)
    errors = {name: _errors(stratum, random) for name, stratum in strata.items()}
    points = {
        name: (stratum.wrong / stratum.judged if stratum.judged else 0.5) * stratum.size for name, stratum in strata.items()
    }
    size = sum(stratum.size for stratum in strata.values())
    right = sum(stratum.size for stratum in strata.values() if stratum.verdict)
    # An error in "right" lowers the true accuracy, an error in "wrong" raises it.
    signs = {name: -1 if stratum.verdict else 1 for name, stratum in strata.items()}
    corrected = numpy.sum([signs[name] * draws for name, draws in errors.items()], axis=0)
    shift = sum(signs[name] * point for name, point in points.items())

    def share(names: Sequence[str]) -> Estimate | None:
        of = sum(strata[name].size for name in names)
        total = numpy.sum([errors[name] for name in names], axis=0)
        return _estimate(sum(points[name] for name in names) / of, total / of) if of else None

    whole = share(list(strata))
    assert whole is not None
    return Audited(
        strata={name: share([name]) if stratum.judged else None for name, stratum in strata.items()},
        error_rate=whole,
        false_right=share([name for name, stratum in strata.items() if stratum.verdict]),
        false_wrong=share([name for name, stratum in strata.items() if not stratum.verdict]),
        accuracy=right / size,
        corrected=_estimate((right + shift) / size, (right + corrected) / size),
    )


def _errors(stratum: Answered, random: numpy.random.Generator) -> numpy.ndarray:
    """Return draws of the number of wrong verdicts in a stratum."""
    from scipy.stats import betabinom

    unseen = stratum.size - stratum.judged
    right = stratum.judged - stratum.wrong
    # 0.5 is Jeffreys' prior.
    return stratum.wrong + betabinom.rvs(unseen, stratum.wrong + 0.5, right + 0.5, size=DRAWS, random_state=random)


def _estimate(value: float, draws: numpy.ndarray) -> Estimate:
    import numpy

    tail = (1 - CONFIDENCE) / 2
    low, high = numpy.quantile(draws, [tail, 1 - tail])
    # The interval of the draws must contain the point estimate.
    return Estimate(float(value), min(float(low), float(value)), max(float(high), float(value)))
