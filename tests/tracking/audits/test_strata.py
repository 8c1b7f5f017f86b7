"""Which verdicts are drawn, and with which probability."""

from collections import Counter

import pytest
from mlflow.entities import AssessmentSource, Feedback

from trace_of_thought.tracking.audits.strata import LEAST, Judged, allocate, draw, judged


def feedback(name, value, kind="CODE", **options):
    made = Feedback(name=name, value=value, source=AssessmentSource(kind, "x"), **options)
    made.assessment_id = f"{name} {value} {kind}"
    return made


RIGHT, WRONG = feedback("correct", True), feedback("correct", False)
CASES = [
    ([], None),
    ([feedback("status", "timeout")], None),
    ([RIGHT, feedback("leakage", "none")], "judged right, other"),
    ([RIGHT, feedback("judge", "no", "LLM_JUDGE")], "judged right, scorers disagree"),
    ([RIGHT, feedback("judge", "yes", "LLM_JUDGE")], "judged right, other"),
    ([WRONG, feedback("judge", True, "LLM_JUDGE")], "judged wrong, scorers disagree"),
    ([RIGHT, feedback("review", "no", "HUMAN")], "judged right, other"),
    ([RIGHT, feedback("step_check", "inconsistent")], "judged right, scorers disagree"),
    ([WRONG, feedback("step_check", "inconsistent")], "judged wrong, other"),
    ([WRONG, feedback("status", "no_answer")], "judged wrong, close call"),
    ([feedback("correct", True, metadata={"source": "last_statement"})], "judged right, close call"),
    ([feedback("correct", True, metadata={"strict": "False"})], "judged right, close call"),
]


@pytest.mark.parametrize(("assessments", "stratum"), CASES)
def test_a_trace_belongs_to_a_stratum(assessments, stratum):
    found = judged("tr-1", assessments)
    assert (found.stratum if found else None) == stratum


def test_a_verdict_that_was_corrected_counts_as_corrected():
    new = feedback("correct", False)
    new.overrides = RIGHT.assessment_id
    assert judged("tr-1", [RIGHT, new]).verdict is False


def population(**sizes):
    kinds = {"sure": (True, "other"), "close": (True, "close call"), "doubted": (False, "scorers disagree")}
    return [Judged(f"{name}-{n}", *kinds[name]) for name, size in sizes.items() for n in range(size)]


def test_every_trace_of_a_stratum_has_the_probability_that_is_told():
    traces = population(sure=40, close=10, doubted=8)
    times = Counter(trace for seed in range(400) for drawn in draw(traces, 20, seed=seed).traces.values() for trace in drawn)
    sample = draw(traces, 20)
    for stratum, size in sample.sizes.items():
        told = sample.probability(stratum)
        seen = [times[trace.trace_id] / 400 for trace in traces if trace.stratum == stratum]
        assert len(seen) == size
        assert max(abs(share - told) for share in seen) < 0.11  # 4 standard errors
    assert draw(reversed(traces), 20) == sample


def test_doubtful_traces_are_drawn_more_often_and_no_stratum_is_forgotten():
    sample = draw(population(sure=900, close=50, doubted=50), 100)
    counts = {stratum: len(traces) for stratum, traces in sample.traces.items()}
    assert sum(counts.values()) == 100
    assert counts["judged wrong, scorers disagree"] > counts["judged right, other"] >= LEAST
    small = draw(population(sure=900, close=1, doubted=1), 100)
    assert sorted(map(len, small.traces.values())) == [1, 1, 98]
    assert sum(map(len, draw(population(sure=5, close=2), 100).traces.values())) == 7


@pytest.mark.parametrize("size", range(15))
def test_exactly_what_is_asked_for_is_drawn(size):
    sizes = {"a": 7, "b": 3, "c": 1}
    counts = allocate(sizes, {"a": "other", "b": "close call", "c": "scorers disagree"}, size)
    assert sum(counts.values()) == min(size, 11)
    assert all(counts[name] <= sizes[name] for name in sizes)
