import math

import pytest
from scipy.stats import binomtest

from trace_of_thought.experiments.report.statistics import (
    bootstrap,
    compare,
    holm,
    mcnemar,
    permutation,
    problems_needed,
    wilson,
)


def test_wilson_agrees_with_newcombes_worked_example():
    # Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263 and 15 of 148.
    for successes, n, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)]:
        found = wilson(successes, n)
        assert found.value == successes / n
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(("successes", "n"), [(0, 20), (20, 20), (1, 1), (7, 50)])
def test_wilson_agrees_with_scipy_and_stays_within_bounds(successes, n):
    found = wilson(successes, n)
    theirs = binomtest(successes, n).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_wilson_of_nothing_has_no_interval():
    assert (wilson(0, 0).low, wilson(0, 0).high) == (None, None)


def test_mcnemar_is_a_binomial_test_on_the_changed_problems():
    # Agresti, An Introduction to Categorical Data Analysis, and Fleiss: exact p = 2 * P(X <= min) with X ~ B(n, 1/2).
    for gained, lost in [(9, 1), (12, 5), (3, 3), (0, 6)]:
        expected = min(1.0, 2 * sum(math.comb(gained + lost, k) for k in range(min(gained, lost) + 1)) / 2 ** (gained + lost))
        assert mcnemar(gained, lost) == pytest.approx(expected)
        assert mcnemar(gained, lost) == pytest.approx(binomtest(gained, gained + lost).pvalue)
    assert mcnemar(0, 0) == 1.0


def test_holm_agrees_with_the_worked_example():
    # Holm 1979: the smallest p times m, the next times m - 1, never falling.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_the_bootstrap_interval_is_close_to_the_normal_one():
    before = [1.0] * 40 + [0.0] * 60
    after = [1.0] * 30 + [0.0] * 10 + [1.0] * 25 + [0.0] * 35
    difference, gain = bootstrap(before, after)
    changed = 35 / 100
    half = 1.96 * math.sqrt((changed - 0.15**2) / 100)
    assert difference.value == pytest.approx(0.15)
    assert (difference.low, difference.high) == pytest.approx((0.15 - half, 0.15 + half), abs=0.015)
    assert gain.value == pytest.approx(0.375)
    assert gain.low < 0.375 < gain.high


def test_the_bootstrap_agrees_with_scipys():
    import numpy
    from scipy.stats import bootstrap as theirs

    generator = numpy.random.default_rng(3)
    before = (generator.random(150) < 0.4).astype(float)
    after = numpy.where(generator.random(150) < 0.7, before, (generator.random(150) < 0.6).astype(float))
    expected = theirs(
        (before, after), lambda x, y, axis: y.mean(axis=axis) - x.mean(axis=axis), paired=True, method="percentile", rng=1
    ).confidence_interval
    difference, _ = bootstrap(before.tolist(), after.tolist())
    assert (difference.low, difference.high) == pytest.approx((expected.low, expected.high), abs=0.008)


def test_drawn_permutations_agree_with_scipys():
    from scipy.stats import permutation_test

    before, after = [0.5, 0.0, 1.0, 0.25] * 5, [0.5, 0.75, 0.75, 0.5, 0.75] * 4
    changes = [new - old for old, new in zip(before, after, strict=True)]
    expected = permutation_test((changes,), sum, permutation_type="samples", n_resamples=9_999, rng=1).pvalue
    assert permutation(before, after) == pytest.approx(expected, abs=0.02)
    assert 0.02 < expected < 0.9
    assert permutation([0.5, 0.0] * 20_000, [0.5, 0.5] * 20_000) < 0.001


def test_a_gain_over_nothing_is_not_a_number():
    assert bootstrap([0.0] * 10, [1.0] * 10)[1] is None
    _, gain = bootstrap([1.0] + [0.0] * 9, [1.0] * 10)
    assert (gain.value, gain.high) == (pytest.approx(9.0), None)


def test_averages_over_seeds_are_compared_by_permutation():
    found = compare([0.5, 0.0, 1.0, 0.0], [1.0, 0.5, 1.0, 0.5])
    assert found.test == "paired permutation"
    assert (found.gained, found.lost) == (1.5, 0)
    assert found.p == pytest.approx(2 * 0.5**3)
    assert permutation([0.5, 0.5], [0.5, 0.5]) == 1.0


def test_whole_scores_are_compared_by_mcnemar():
    found = compare([0, 0, 0, 1], [1, 1, 1, 0])
    assert (found.test, found.gained, found.lost, found.p) == ("McNemar exact", 3, 1, pytest.approx(0.625))
    with pytest.raises(ValueError, match="paired scores"):
        compare([1], [1, 0])


def test_problems_needed_agrees_with_connors_formula_and_with_simulation():
    # Connor 1987, Biometrics 43:207; checked against a simulation of the test's power.
    import numpy

    assert problems_needed(0.2, 0.1) == 234
    assert problems_needed(0.1, 0.1) is None
    size = problems_needed(0.30, 0.15)
    generator = numpy.random.default_rng(1)
    draws = generator.multinomial(size, [0.30, 0.15, 0.55], size=2000)
    statistic = (draws[:, 0] - draws[:, 1]) ** 2 / (draws[:, 0] + draws[:, 1])
    assert abs((statistic > 3.841).mean() - 0.8) < 0.03
