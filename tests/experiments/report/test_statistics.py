import itertools
import math

import numpy
import pytest
from scipy.stats import binom, binomtest

from trace_of_thought.experiments.inference import power
from trace_of_thought.experiments.inference.intervals import holm, mcnemar, pass_at_k, wilson
from trace_of_thought.experiments.inference.paired import bootstrap, compare
from trace_of_thought.experiments.inference.paired_shares import bonett_price, noninferiority, paired_ratio
from trace_of_thought.experiments.inference.permutation import sign_flip
from trace_of_thought.experiments.inference.power import problems_needed


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


def test_p_values_and_intervals_are_those_of_statsmodels_and_scipy():
    from scipy.stats import hypergeom
    from statsmodels.stats.contingency_tables import mcnemar as their_mcnemar
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.proportion import proportion_confint

    generator = numpy.random.default_rng(11)
    for place in range(200):
        gained, lost = (int(number) for number in generator.integers(0, 400, 2))
        theirs = their_mcnemar([[0, gained], [lost, 0]], exact=True).pvalue if gained + lost else 1.0
        assert mcnemar(gained, lost) == pytest.approx(theirs, rel=1e-9, abs=1e-300)
        n = int(generator.integers(1, 2_000))
        successes = float(generator.integers(0, n + 1)) * generator.choice([1.0, 1 / 3])
        low, high = proportion_confint(successes, n, method="wilson")
        found = wilson(successes, n)
        assert (found.low, found.high) == pytest.approx((max(0, low), min(1, high)), abs=1e-12)
        p_values = generator.random(int(generator.integers(1, 9))).round(2).tolist()
        if place < 8:  # theirs takes a tenth of a second
            assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1].tolist())
        k, right = int(generator.integers(1, n + 1)), int(successes)
        assert pass_at_k(right, n, k) == pytest.approx(1 - hypergeom.pmf(0, n, right, k), abs=1e-9)


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
    from scipy.stats import bootstrap as theirs

    generator = numpy.random.default_rng(3)
    before = (generator.random(150) < 0.4).astype(float)
    after = numpy.where(generator.random(150) < 0.7, before, (generator.random(150) < 0.6).astype(float))
    expected = theirs(
        (before, after), lambda x, y, axis: y.mean(axis=axis) - x.mean(axis=axis), paired=True, method="percentile", rng=1
    ).confidence_interval
    difference, _ = bootstrap(before.tolist(), after.tolist())
    assert (difference.low, difference.high) == pytest.approx((expected.low, expected.high), abs=0.008)


def test_exact_permutations_agree_with_scipys():
    from scipy.stats import permutation_test

    generator = numpy.random.default_rng(5)
    for size in (2, 3, 7, 12):
        changes = (generator.integers(-4, 5, size) / 4).tolist()
        expected = permutation_test(
            (numpy.array(changes),),
            lambda x, axis: x.sum(axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=9_999,
        ).pvalue
        assert sign_flip(changes) == pytest.approx(min(1.0, expected)), changes
    many = (generator.integers(-3, 5, 40) / 4).tolist()
    drawn = permutation_test((many,), sum, permutation_type="samples", n_resamples=9_999, rng=1).pvalue
    assert sign_flip(many) == pytest.approx(drawn, abs=0.02)


def test_sums_of_thirds_that_are_equal_count_as_equal():
    changes = [1 / 3, 1 / 3, 1 / 3, -1.0, 2 / 3]
    # By counting: 32 signs; the observed sum is 2/3, in thirds 2.
    thirds = [1, 1, 1, -3, 2]
    signs = [sum(s * abs(x) for s, x in zip(sign, thirds, strict=True)) for sign in itertools.product((1, -1), repeat=5)]
    assert sign_flip(changes) == pytest.approx(sum(abs(s) >= 2 for s in signs) / 32)


def test_one_changed_problem_says_nothing_and_raises_nothing():
    found = compare([0.5, 1.0, 0.0], [1.0, 1.0, 0.0])
    assert (found.p, found.test) == (1.0, "paired permutation")
    assert sign_flip([0.123456789]) == 1.0


def test_scores_without_a_common_denominator_are_drawn():
    import numpy
    from scipy.stats import wilcoxon

    changes = numpy.random.default_rng(2).normal(0.4, 1, 60)
    assert sign_flip(changes.tolist()) == pytest.approx(wilcoxon(changes).pvalue, abs=0.02)
    assert sign_flip([0.5] * 40_000) < 1e-9


def test_a_gain_over_nothing_is_not_a_number():
    assert bootstrap([0.0] * 10, [1.0] * 10)[1] is None
    _, gain = bootstrap([1.0] + [0.0] * 9, [1.0] * 10)
    assert (gain.value, gain.high) == (pytest.approx(9.0), None)


def test_averages_over_seeds_are_compared_by_permutation():
    found = compare([0.5, 0.0, 1.0, 0.0], [1.0, 0.5, 1.0, 0.5])
    assert found.test == "paired permutation"
    assert (found.gained, found.lost) == (1.5, 0)
    assert found.p == pytest.approx(2 * 0.5**3)
    assert compare([0.5, 0.5], [0.5, 0.5]).p == 1.0


def test_whole_scores_are_compared_by_mcnemar():
    found = compare([0, 0, 0, 1], [1, 1, 1, 0])
    assert (found.test, found.gained, found.lost, found.p) == ("McNemar exact", 3, 1, pytest.approx(0.625))
    with pytest.raises(ValueError, match="paired scores"):
        compare([1], [1, 0])


def test_problems_needed_is_that_of_the_exact_test():
    assert problems_needed(0.1, 0.1) is None
    found = problems_needed(0.30, 0.15)
    enumerated = [_power_by_enumeration(n, 0.30, 0.15) for n in (found - 1, found)]
    assert enumerated[0] < 0.8 <= enumerated[1]
    for gained, lost in [(0.2, 0.1), (0.06, 0.04)]:
        assert power._approximate(gained, lost, 0.05, 0.8) == pytest.approx(problems_needed(gained, lost), rel=0.02)
    assert problems_needed(1.0, 0.0) == 6
    assert problems_needed(0.0500001, 0.05) > 10**9


def _power_by_enumeration(n, gained, lost):
    total = 0.0
    for changed in range(n + 1):
        weight = binom.pmf(changed, n, gained + lost)
        for up in range(changed + 1) if weight > 1e-12 else ():
            if mcnemar(up, changed - up) <= 0.05:
                total += weight * binom.pmf(up, changed, gained / (gained + lost))
    return total


def pairs_of(generator, n, gained, lost):
    draws = generator.choice([0, 1, 2, 3], n, p=[gained, lost, 0.3, 0.7 - gained - lost])
    return numpy.isin(draws, (1, 2)).astype(float).tolist(), numpy.isin(draws, (0, 2)).astype(float).tolist()


def changes_of(a, b):
    return sum(x < y for x, y in zip(a, b, strict=True)), sum(x > y for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize(("gained", "lost"), [(0.25, 0.1), (0.1, 0.1), (0.3, 0.02), (0.05, 0.02)])
@pytest.mark.parametrize("n", [10, 20, 50])
def test_the_interval_covers_what_it_says_for_few_problems(n, gained, lost):
    generator, runs, covered = numpy.random.default_rng(n), 2_000, 0
    for _ in range(runs):
        found = bonett_price(n, *changes_of(*pairs_of(generator, n, gained, lost)))
        covered += found.low <= gained - lost <= found.high
    assert covered / runs >= 0.93
    few = compare(*pairs_of(generator, n, 0.25, 0.1), resamples=99)
    assert few.interval == "Bonett-Price"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("size", [1, 5])
def test_false_positives_stay_below_the_level_also_with_clusters(size):
    """The difficulty of a cluster's problems, and who solves it, go together; the two conditions are equally good."""
    generator, runs, clusters = numpy.random.default_rng(size), 2_000, 30
    names = [place for place in range(clusters) for _ in range(size)]
    found = {"test": 0, "error": 0, "unclustered": 0}
    for _ in range(runs):
        lean = generator.normal(0, 1.5, (2, clusters)).repeat(size, axis=1) + generator.normal(0, 1, (2, clusters * size))
        a, b = ((lean[side] > 0.2).astype(float).tolist() for side in (0, 1))
        made = compare(a, b, clusters=names, resamples=2)
        found["test"] += made.p < 0.05
        found["error"] += not made.difference.low <= 0 <= made.difference.high
        found["unclustered"] += compare(a, b, resamples=2).p < 0.05
    shares = {name: count / runs for name, count in found.items()}
    assert shares["test"] <= 0.065, shares
    assert shares["error"] <= 0.065, shares
    if size > 1:
        assert shares["unclustered"] > 0.1, shares  # what clustering is for


def test_clustered_errors_and_equivalence_agree_with_statsmodels():
    import statsmodels.api as sm
    from statsmodels.stats.weightstats import DescrStatsW

    generator = numpy.random.default_rng(8)
    a, b = pairs_of(generator, 150, 0.1, 0.1)
    names = [place // 3 for place in range(150)]
    changes = numpy.subtract(b, a)
    theirs = sm.OLS(changes, numpy.ones(150)).fit(cov_type="cluster", cov_kwds={"groups": names}, use_t=True)
    clustered = compare(a, b, clusters=names, margin=0.05)
    assert clustered.error == pytest.approx(theirs.bse[0])
    assert (clustered.difference.low, clustered.difference.high) == pytest.approx(tuple(theirs.conf_int()[0]))
    assert clustered.clusters == 50
    below = theirs.t_test(numpy.ones((1, 1)), use_t=True)
    assert below.df_denom == 49
    halves = [(x + y) / 2 for x, y in zip(a, b, strict=True)]  # averages over two seeds, against one of them
    plain = compare(halves, b, margin=0.05)
    p, lower, _ = DescrStatsW(numpy.subtract(b, halves)).ttost_mean(-0.05, 0.05)
    assert plain.equivalence.p_equivalent == pytest.approx(p)
    assert plain.equivalence.p_not_worse == pytest.approx(lower[1])


def test_the_test_of_a_margin_is_tangos():
    # Tango 1998, Statistics in Medicine 17:891: 44 pairs, one of them lost, margin 0.1: z = 1.709, one-sided p = 0.044.
    found = compare([1.0] * 44, [1.0] * 43 + [0.0], margin=0.1).equivalence
    assert found.p_not_worse == pytest.approx(0.0438, abs=5e-5)
    assert found.p_equivalent == found.p_not_worse


def test_equal_scores_on_few_problems_are_no_proof_of_equality():
    """With 8 problems of which none changed, one in four could still change without anybody noticing."""
    few, many = (compare([0.0, 1.0] * n, [0.0, 1.0] * n, margin=0.05).equivalence for n in (4, 400))
    assert few.p_equivalent > 0.2
    assert many.p_equivalent < 0.001
    names = [place // 10 for place in range(40)]
    assert compare([0.0, 1.0] * 20, [0.0, 1.0] * 20, clusters=names, margin=0.05).equivalence.p_equivalent > 0.2
    assert compare([0.5, 1.0] * 4, [0.5, 1.0] * 4, margin=0.05).equivalence.p_equivalent > 0.2


@pytest.mark.parametrize("n", [10, 30, 100])
@pytest.mark.parametrize("changed", [0.0, 0.2])
def test_the_test_of_a_margin_keeps_its_level(n, changed):
    margin = 0.08
    lost = changed / 2 + margin
    for sample in ([changed / 2, lost], [lost, changed / 2]):  # exactly the margin worse, and better
        probable = [*sample, 1 - sum(sample)]
        draws = numpy.random.default_rng(n).multinomial(n, probable, size=2_000).tolist()
        worse = [noninferiority(n, up, down, margin) < 0.05 for up, down, _ in draws]
        better = [noninferiority(n, down, up, margin) < 0.05 for up, down, _ in draws]
        assert numpy.mean(numpy.logical_and(worse, better)) <= 0.065


@pytest.mark.parametrize(("base", "other"), [(0.3, 0.3), (0.2, 0.5), (0.8, 0.9)])
def test_the_relative_gain_of_few_problems_covers_what_it_says(base, other):
    both = 0.6 * base * other + 0.4 * min(base, other)
    draws = numpy.random.default_rng(3).multinomial(20, [both, other - both, base - both, 1 - base - other + both], size=2_000)
    found = [paired_ratio(*counts[:3]) for counts in draws.tolist()]
    true = other / base - 1
    inside = [g.low <= true and (g.high is None or true <= g.high) for g in found if g is not None]
    assert numpy.mean(inside) >= 0.94


def test_few_problems_without_a_change_have_an_interval_of_the_gain():
    gain = compare([1.0] + [0.0] * 9, [1.0] + [0.0] * 9).gain
    assert (gain.value, gain.low < -0.5, gain.high > 1) == (0.0, True, True)


def test_clusters_raise_the_number_of_problems_needed_and_intervals_stay_possible():
    a, b = [0.0] * 24, [float(place % 3 == 0) for place in range(24)]
    names = [place % 3 for place in range(24)]
    clustered = compare(a, b, clusters=names)
    assert clustered.needed > 2 * compare(a, b).needed
    assert clustered.difference.high == 1.0
