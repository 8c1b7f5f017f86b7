"""The verifier's error rate and the accuracy corrected for it, from a stratified sample of verdicts that people judged.

Each stratum's errors among the traces that nobody judged are unknown; with Jeffreys' prior they follow a beta-binomial
distribution. Its draws, added up over the strata, give intervals that hold for few answers and for none wrong, and that shrink
to nothing where everything was judged (Brown, Cai and DasGupta 2001, on Jeffreys' interval).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy

DRAWS = 20_000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Answered:
    """What people said of a stratum.

    Attributes:
        size: traces in the stratum.
        judged: of these, verdicts that people called right or wrong.
        wrong: verdicts that people called wrong.
        verdict: whether the verifier called the answers of this stratum right.
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
    """What an audit found.

    Attributes:
        strata: error rate of the verifier by stratum; None where nobody judged one.
        error_rate: over all traces.
        false_right: of the verdicts "right", the share that is wrong; None without such verdicts.
        false_wrong: of the verdicts "wrong", the share that is wrong; None without such verdicts.
        accuracy: as the verifier says.
        corrected: accuracy corrected for its errors.
    """

    strata: dict[str, Estimate | None]
    error_rate: Estimate
    false_right: Estimate | None
    false_wrong: Estimate | None
    accuracy: float
    corrected: Estimate


def estimate(strata: Mapping[str, Answered], *, seed: int = 0) -> Audited:
    """Estimate how often the verifier is wrong.

    Points are design-based: each stratum's share of errors, weighted by its size (the Horvitz-Thompson estimator of a
    stratified sample). A stratum without answers counts with the prior's mean, a half, and its whole width.

    Args:
        strata: by name.
        seed: of the draws.

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
    return stratum.wrong + betabinom.rvs(unseen, stratum.wrong + 0.5, right + 0.5, size=DRAWS, random_state=random)


def _estimate(value: float, draws: numpy.ndarray) -> Estimate:
    import numpy

    tail = (1 - CONFIDENCE) / 2
    low, high = numpy.quantile(draws, [tail, 1 - tail])
    return Estimate(float(value), min(float(low), float(value)), max(float(high), float(value)))
