"""The estimates against populations whose errors are known."""

import random

import pytest

from trace_of_thought.tracking import Answered, estimate


def test_where_everything_is_judged_nothing_is_left_to_guess():
    found = estimate({"r": Answered(10, 10, 2, True), "w": Answered(5, 5, 1, False)})
    assert (found.error_rate.low, found.error_rate.value, found.error_rate.high) == pytest.approx((0.2, 0.2, 0.2))
    assert (found.false_right.value, found.false_wrong.value) == pytest.approx((0.2, 0.2))
    assert found.accuracy == pytest.approx(10 / 15)
    assert (found.corrected.low, found.corrected.value, found.corrected.high) == pytest.approx((9 / 15,) * 3)


def test_a_stratum_weighs_as_much_as_it_has_traces():
    found = estimate({"doubted": Answered(10, 10, 10, True), "sure": Answered(990, 100, 0, True)})
    assert found.error_rate.value == pytest.approx(0.01)
    assert found.error_rate.low >= 0.01
    assert 0.01 < found.error_rate.high < 0.04
    assert found.false_wrong is None


def test_none_wrong_of_few_is_no_proof():
    few, many = (estimate({"s": Answered(10_000, n, 0, True)}).error_rate for n in (5, 500))
    assert (few.value, few.low) == (0, pytest.approx(0, abs=1e-4))
    assert few.high > 0.3
    assert many.high < 0.01


def test_a_stratum_that_nobody_judged_has_no_rate_and_widens_the_rest():
    found = estimate({"a": Answered(50, 20, 0, True), "b": Answered(50, 0, 0, True)})
    assert found.strata["b"] is None
    assert found.error_rate.high - found.error_rate.low > 0.45
    with pytest.raises(ValueError, match="no verdicts"):
        estimate({})


def test_intervals_cover_the_truth_as_often_as_they_say():
    strata = {"doubted": (40, 12, 15, True), "close": (60, 6, 15, False), "sure": (400, 8, 20, True)}
    size = sum(n for n, *_ in strata.values())
    wrong = sum(errors for _, errors, *_ in strata.values())
    right = sum(n for n, _, _, verdict in strata.values() if verdict)
    correct = right + sum(-errors if verdict else errors for _, errors, _, verdict in strata.values())
    choose, covered, points = random.Random(1), [0, 0], []
    for _ in range(300):
        found = estimate(
            {
                name: Answered(n, drawn, sum(choose.sample([1] * errors + [0] * (n - errors), drawn)), verdict)
                for name, (n, errors, drawn, verdict) in strata.items()
            }
        )
        covered[0] += found.error_rate.low <= wrong / size <= found.error_rate.high
        covered[1] += found.corrected.low <= correct / size <= found.corrected.high
        points.append(found.error_rate.value)
    assert min(covered) / 300 > 0.91
    assert sum(points) / 300 == pytest.approx(wrong / size, abs=0.005)
