"""Choose the verdicts to review: a stratified random sample, in which the probability of each trace is known."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow.entities import Assessment

OWN = {"correct", "status", "reference", "leakage", "step_check", "review"}
"""Names of the assessments that this project writes. Any other yes or no is another scorer's verdict."""

SHARES = {"scorers disagree": 0.4, "close call": 0.3, "other": 0.3}
"""Shares of the sample by the reason to review a verdict. Doubtful verdicts get more than their proportion; the others get
enough for an estimate."""

LEAST = 2
"""Minimum number of traces from each stratum that has as many: a single one shows no variation."""

SAYS_RIGHT = "judged right"
SAYS_WRONG = "judged wrong"

_WEAK_SOURCES = {"concluding_sentence", "last_statement"}  # sources that are guesses rather than explicit answers
_YES, _NO = {"yes", "true", "pass", "correct"}, {"no", "false", "fail", "incorrect"}


@dataclass(frozen=True)
class Judged:
    """A trace that has a verdict.

    Attributes:
        trace_id: id of the trace.
        verdict: whether the verifier calls the answer right.
        reason: why it is reviewed, a key of `SHARES`.
    """

    trace_id: str
    verdict: bool
    reason: str

    @property
    def stratum(self) -> str:
        """The stratum that it is drawn from: the traces with the same verdict and reason."""
        return f"{SAYS_RIGHT if self.verdict else SAYS_WRONG}, {self.reason}"


@dataclass(frozen=True)
class Drawn:
    """A sample: the number of traces in each stratum, and the ids of the drawn ones."""

    sizes: dict[str, int]
    traces: dict[str, list[str]]

    def probability(self, stratum: str) -> float:
        """Return the probability with which each trace of a stratum was drawn."""
        return len(self.traces[stratum]) / self.sizes[stratum]


def judged(trace_id: str, assessments: Sequence[Assessment]) -> Judged | None:
    """Return the verdict on a trace with the reason to review it; None if the trace has no scored verdict."""
    overridden = {getattr(item, "overrides", None) for item in assessments}
    current = [item for item in assessments if item.assessment_id not in overridden and item.source.source_type != "HUMAN"]
    named = {item.name: item for item in current}
    verdict = _yes_or_no(named["correct"]) if "correct" in named else None
    if verdict is None:
        return None
    others = {answer for item in current if item.name not in OWN if (answer := _yes_or_no(item)) is not None}
    checked = _value(named["step_check"]) if "step_check" in named else None
    if (not verdict) in others or (verdict and checked == "inconsistent"):
        return Judged(trace_id, verdict, "scorers disagree")
    status = _value(named["status"]) if "status" in named else None
    facts = named["correct"].metadata or {}
    close = status == "no_answer" or facts.get("source") in _WEAK_SOURCES or (verdict and facts.get("strict") == "False")
    return Judged(trace_id, verdict, "close call" if close else "other")


def draw(population: Iterable[Judged], size: int, *, seed: int = 0) -> Drawn:
    """Draw a stratified sample without replacement.

    Args:
        population: all traces with a verdict.
        size: number of traces to draw; all if there are fewer.
        seed: seed of the random choice inside the strata.
    """
    strata: defaultdict[str, list[str]] = defaultdict(list)
    reasons = {}
    # Sorted, because a store returns traces in any order, but the same seed should give the same sample.
    for trace in sorted(population, key=lambda trace: trace.trace_id):
        strata[trace.stratum].append(trace.trace_id)
        reasons[trace.stratum] = trace.reason
    sizes = {stratum: len(traces) for stratum, traces in strata.items()}
    counts = allocate(sizes, reasons, size)
    choose = random.Random(seed)
    drawn = {stratum: choose.sample(traces, counts[stratum]) for stratum, traces in sorted(strata.items())}
    return Drawn(sizes, drawn)


def allocate(sizes: Mapping[str, int], reasons: Mapping[str, str], size: int) -> dict[str, int]:
    """Return how many traces to draw from each stratum: by `SHARES`, at least `LEAST`, never more than it has.

    Args:
        sizes: number of traces by stratum.
        reasons: key of `SHARES` by stratum.
        size: number of traces to draw in all.
    """
    total = {reason: sum(n for stratum, n in sizes.items() if reasons[stratum] == reason) for reason in SHARES}
    weights = {stratum: SHARES[reasons[stratum]] * n / total[reasons[stratum]] for stratum, n in sizes.items()}
    counts = dict.fromkeys(sizes, 0)
    left = min(size, sum(sizes.values()))
    # The largest strata come first, in case the sample is too small for all minimums.
    for _ in range(LEAST):
        for stratum in sorted(sizes, key=lambda name: -weights[name]):
            if left and counts[stratum] < sizes[stratum]:
                counts[stratum] += 1
                left -= 1
    while left:
        # What a small stratum cannot take is shared among the others in the next round.
        room = {stratum: n - counts[stratum] for stratum, n in sizes.items() if n > counts[stratum]}
        sum_of_weights = sum(weights[stratum] for stratum in room)
        given = {stratum: min(n, floor(left * weights[stratum] / sum_of_weights)) for stratum, n in room.items()}
        # Every share was rounded down to 0: give one trace to the stratum that is furthest below its share.
        if not any(given.values()):
            given = {max(room, key=lambda stratum: weights[stratum] / (1 + counts[stratum])): 1}
        for stratum, n in given.items():
            counts[stratum] += n
            left -= n
    return counts


def _value(item: Assessment) -> Any:
    return getattr(item, "value", None)


def _yes_or_no(item: Assessment) -> bool | None:
    value = _value(item)
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    return True if word in _YES else False if word in _NO else None
