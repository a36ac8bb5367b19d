"""The ratio of times: its interval covers the ratio with few seeds, and its ends are those of a test done by hand."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from longlag.analysis import ratios
from longlag.rng import stream

TIMES = 200  # simulated experiments
RATIO = 1.7
INF = math.inf


def stratum(first, second, limits=(INF, INF)):
    first, second = np.asarray(first, float), np.asarray(second, float)
    return ratios.Stratum(first, second, *limits, first, second)


def drawn(rng, n, m, limits=(INF, INF), ratio=RATIO, spread=0.5):
    """Times of n and m runs, those of the second `ratio` times as long; unsolved beyond the budgets."""
    times = np.exp(rng.normal(0, spread, n)), ratio * np.exp(rng.normal(0, spread, m))
    return stratum(*(np.where(t <= limit, t, INF) for t, limit in zip(times, limits, strict=True)), limits)


CASES = {  # budgets in units of the first method's median time, number of strata
    "all solve": ((INF, INF), 1),
    "one budget": ((2.0, 2.0), 1),
    "half solve": ((1.0, 1.7), 1),
    "unlike budgets": ((3.0, 1.5), 1),
    "three tasks": ((2.0, 2.0), 3),
}


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("case", CASES)
def test_the_interval_covers_the_ratio(case, n):
    limits, strata = CASES[case]
    rng = stream(0, "test ratios", case, n)
    found = [ratios.interval([drawn(rng, n, n, limits) for _ in range(strata)]) for _ in range(TIMES)]
    covered = np.mean([low <= RATIO <= high for low, high in found])
    assert covered >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / TIMES)
    if (n, strata) == (3, 1):
        assert set(found) == {(0.0, INF)}, "three seeds reject nothing"
    if n == 10 and limits[0] > 1.9 and limits[1] > 1.9:
        assert np.mean([high < INF and low > 0 for low, high in found]) > 0.4, "ten seeds say something"


def test_few_seeds_of_one_spread_are_not_needed():
    """The model is wrong here, one method is more even than the other; the medians still have the ratio."""
    rng = stream(0, "test ratios", "unlike")
    cases = [stratum(np.exp(rng.normal(0, 0.2, 6)), RATIO * np.exp(rng.normal(0, 1.0, 6))) for _ in range(TIMES)]
    covered = np.mean([low <= RATIO <= high for low, high in (ratios.interval([case]) for case in cases)])
    assert covered > 0.9


@pytest.mark.parametrize(("n", "m"), [(4, 4), (5, 3), (6, 7)])
def test_the_interval_holds_the_ratios_that_scipys_exact_test_does_not_reject(n, m):
    one = drawn(stream(0, "test ratios", "scipy", n, m), n, m)
    low, high = ratios.interval([one])
    for ratio in np.geomspace(0.01, 100, 400):
        if min(abs(np.log(ratio / end)) for end in (low, high) if 0 < end < INF) < 1e-6:
            continue
        sides = [
            mannwhitneyu(ratio * one.first, one.second, alternative=side, method="exact").pvalue
            for side in ("less", "greater")
        ]
        assert (min(sides) > 0.025) == (low < ratio < high), ratio


def test_tails_are_those_of_counting_all_splits_with_ties():
    first, second = np.array([1.0, 2, INF, INF]), np.array([2.0, 3, 4, INF, INF])
    sample = ratios._Sample(first, second, 3.5, 3.5)
    ranks, n = ratios._ranks(sample, 1.0)
    cut = np.minimum(np.concatenate([first, second]), 3.5)
    assert ranks.tolist() == [2 * (cut < t).sum() + (cut == t).sum() - 1 for t in cut]
    sums = np.array([sum(ranks[list(split)]) for split in combinations(range(9), n)])
    here = ranks[:n].sum()
    assert ratios._tails([sample], 1.0) == pytest.approx((np.mean(sums <= here), np.mean(sums >= here)))


def test_the_normal_distribution_takes_over_where_counting_ends(monkeypatch):
    rng = stream(0, "test ratios", "many")
    one = drawn(rng, 18, 19, (1.5, 2.0))
    counted = ratios.interval([one])
    monkeypatch.setattr(ratios, "_EXACT", 5)
    assert ratios.interval([one]) == pytest.approx(counted, rel=0.1)


def test_methods_of_which_none_solves_bound_the_ratio_on_one_side_or_on_none():
    nothing, five = [INF] * 5, [1.0, 1.1, 1.2, 1.3, 1.4]
    assert ratios.interval([stratum(nothing, nothing, (9.0, 9.0))]) == (0, INF)
    low, high = ratios.interval([stratum(five, nothing, (9.0, 9.0))])
    assert low > 6
    assert high == INF
    assert ratios.interval([stratum(nothing, five, (9.0, 9.0))]) == (0, pytest.approx(1 / low))


def test_times_of_zero_are_below_all_others_at_any_ratio():
    """A record may say that a run was solved with no pass at all."""
    zeros, five = [0.0] * 5, [1.0, 2, 3, 4, 5]
    assert ratios.interval([stratum(zeros, five, (10.0, 10.0))]) == (1.0, INF)
    assert ratios.interval([stratum(five, zeros, (10.0, 10.0))]) == (0.0, 1.0)


def test_the_estimate_is_the_ratio_and_swaps_with_the_methods():
    times = [1.0, 1.5, 1.9]
    assert ratios.estimate([stratum(times, [3 * t for t in times])]) == pytest.approx(3)
    one = drawn(stream(0, "test ratios", "swap"), 5, 7)
    swapped = ratios.Stratum(one.second, one.first, INF, INF, one.second, one.first)
    assert ratios.estimate([one]) == pytest.approx(1 / ratios.estimate([swapped]))
    assert ratios.interval([swapped]) == pytest.approx([1 / end for end in reversed(ratios.interval([one]))])
    assert math.isnan(ratios.estimate([stratum([INF], [INF])]))


def test_a_time_known_to_a_step_makes_the_interval_longer():
    times = np.array([4.0, 5, 6, 7, 8])
    exact = ratios.interval([stratum(times, times)])
    steps = ratios.interval([ratios.Stratum(times, times, INF, INF, times - 2, times - 2)])
    assert steps[0] < exact[0] < 1 < exact[1] < steps[1]
