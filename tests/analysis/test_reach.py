"""Observed and established reach, and that the interval of reach covers the true one as often as it says."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

import fake_results
from fake_results import a_run as row
from longlag import protocol
from longlag.analysis import reach as carries
from longlag.analysis import stats
from longlag.rng import stream
from longlag.store.records import Row

LADDERS = 10_000  # simulated suites per profile
# rates of a run that is tried, at the lags of a ladder from the smallest
PROFILES = {
    "sharp": (1, 1, 1, 0, 0, 0),
    "first lag only": (0.5, 0, 0, 0, 0, 0),
    "a fair coin everywhere": (0.5,) * 6,
    "a fair coin, three lags": (0.5,) * 3,
    "just below a fair coin": (0.499,) * 6,
    "above a coin, below it with the ladder": (0.59,) * 6,
    "a coin between sure ends": (1, 1, 0.5, 0.5, 0, 0),
    "just below between sure ends": (1, 1, 0.499, 0.499, 0, 0),
    "slow": (0.95, 0.85, 0.7, 0.5, 0.3, 0.15),
    "slow and low": (0.7, 0.6, 0.5, 0.45, 0.4, 0.3),
    "never": (0.0,) * 6,
    "always": (1.0,) * 6,
    "two lags": (0.5, 0.5),
    "one lag": (0.499,),
}


def table(*rows: Row) -> pd.DataFrame:
    return stats.frame(Row, rows)


def climbed(rates: tuple[float, ...]) -> np.ndarray:
    """The probability that a seed that climbs the ladder solves each lag [L]."""
    found, running = [], np.eye(1, protocol.GIVE_UP_AFTER)[0]  # by how many lags it has just failed
    for rate in rates:
        found.append(rate * running.sum())
        running = np.concatenate([[rate * running.sum()], (1 - rate) * running[:-1]])
    return np.array(found)


def simulated(rates: tuple[float, ...], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Runs that solved and runs that were tried, of n seeds in each of many suites [suites, L]."""
    draws = stream(0, "coverage", n, *map(str, rates)).random((LADDERS, n, len(rates)))
    solved, tried = np.zeros(draws.shape, bool), np.zeros(draws.shape, bool)
    fails = np.zeros(draws.shape[:2], int)
    for i, rate in enumerate(rates):
        tried[..., i] = fails < protocol.GIVE_UP_AFTER
        solved[..., i] = tried[..., i] & (draws[..., i] < rate)
        fails = np.where(solved[..., i], 0, fails + 1)
    return solved.sum(1), tried.sum(1)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 10])
@pytest.mark.parametrize("profile", PROFILES)
def test_the_interval_covers_the_true_reach(profile: str, n: int) -> None:
    rates = PROFILES[profile]
    true = max((i + 1 for i, rate in enumerate(climbed(rates)) if rate >= 0.5), default=0)
    outcomes, times = np.unique(np.hstack(simulated(rates, n)), axis=0, return_counts=True)
    ends = [carries.bounds(one[: len(rates)], np.full(len(rates), n), one[len(rates) :]) for one in outcomes]
    covered = sum(int(t) for t, (low, high) in zip(times, ends, strict=True) if low <= true <= high)
    assert covered / LADDERS >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / LADDERS)


@pytest.mark.parametrize(("n", "most"), [(3, 0.015625), (4, 0.00390625), (5, 0.00115)])
def test_the_lowest_of_several_pairs_of_lags_makes_the_upper_end_rarely_too_low(n: int, most: float) -> None:
    """Exactly, over all ways n seeds can climb four lags, and the rates on a grid that do not grow and reach them all."""
    ways = sorted({_stopped(way) for way in itertools.product((True, False), repeat=4)}, key=str)
    suites = list(itertools.combinations_with_replacement(range(len(ways)), n))
    seeds = np.array([[one.count(i) for i in range(len(ways))] for one in suites])
    many = [math.factorial(n) / math.prod(map(math.factorial, row)) for row in seeds.tolist()]
    solved = np.array([[way[j] is True for j in range(4)] for way in ways])
    tried = np.array([[way[j] is not None for j in range(4)] for way in ways])
    outcomes = zip(seeds @ solved, seeds @ tried, strict=True)
    short = np.array([carries.bounds(one, np.full(4, n), all_tried)[1] < 4 for one, all_tried in outcomes])
    worst = 0.0
    for rates in itertools.combinations_with_replacement(np.linspace(1, 0.5, 21), 4):
        if climbed(rates)[-1] >= 0.5:
            way = np.where(solved, rates, np.where(tried, 1 - np.array(rates), 1)).prod(1)
            worst = max(worst, float((np.exp(seeds @ np.log(np.maximum(way, 1e-300))) * many)[short].sum()))
    assert worst == pytest.approx(most, rel=0.01)
    assert worst < carries.LEVEL


def _stopped(way: tuple[bool, ...]) -> tuple[bool | None, ...]:
    """What a seed does that would solve these lags: None from where it has failed too often to continue."""
    fails = [sum(not one for one in way[max(0, j - protocol.GIVE_UP_AFTER) : j]) for j in range(len(way))]
    first = next((j for j, failed in enumerate(fails) if failed == protocol.GIVE_UP_AFTER), len(way))
    return (*way[:first], *[None] * (len(way) - first))


def test_the_interval_is_short_where_seeds_agree() -> None:
    lengths = {}
    for n in (3, 5, 10):
        solved = np.array([n, n, n, 0, 0, 0])
        lengths[n] = carries.bounds(solved, np.full(6, n), np.array([n, n, n, n, n, 0]))
    assert lengths == {3: (2, 4), 5: (2, 4), 10: (3, 3)}


def test_lags_that_were_not_tried_are_no_evidence_where_lags_are_pooled() -> None:
    five = np.full(4, 5)
    assert carries.bounds(np.array([0, 0, 0, 0]), five, np.array([5, 5, 0, 0])) == (0, 1)
    assert carries.bounds(np.array([2, 0, 0, 0]), five, np.array([5, 5, 2, 0])) == (0, 2)
    assert carries.bounds(np.array([2, 1, 0, 0]), five, np.array([5, 5, 2, 1])) == (0, 4)


def test_a_longer_grid_that_no_seed_tried_does_not_move_the_upper_end() -> None:
    solved, tried = [5, 2, 0, 0], [5, 5, 5, 2]
    ends = [
        carries.bounds(np.array(solved + [0] * more), np.full(4 + more, 5), np.array(tried + [0] * more))
        for more in (0, 2, 6)
    ]
    assert ends == [(0, 3), (0, 3), (0, 3)]


@pytest.mark.parametrize(("n", "solved"), [(6, 6), (10, 9), (10, 8), (5, 5), (7, 0)])
def test_one_lag_is_decided_by_the_exact_binomial_test(n: int, solved: int) -> None:
    assert carries._tail(n, solved) == pytest.approx(binomtest(solved, n, 0.5, "greater").pvalue)


def test_reach_is_the_largest_lag_that_half_of_the_seeds_solve() -> None:
    runs = table(
        *(row(lag, seed, seed < solving) for lag, solving in ((20, 4), (50, 2), (100, 1)) for seed in range(4))
    )
    found = carries.reach(runs).iloc[0]
    assert (found.n, found.reach, found.minimal_lag, found.largest, found.at_limit) == (4, 50, 25, 100, False)
    assert (found.established, found.low, found.high) == (20, 0, 100)


def test_established_reach_needs_four_seeds_and_every_shorter_lag() -> None:
    def established(*solving: int, n: int) -> float:
        lags = (20, 50, 100)[: len(solving)]
        runs = table(*(row(lag, s, s < k) for lag, k in zip(lags, solving, strict=True) for s in range(n)))
        return float(carries.reach(runs).established.iloc[0])

    assert math.isnan(established(3, 3, n=3))
    assert established(4, 4, 0, n=4) == 50
    assert established(5, 4, 5, n=5) == 20  # 4 of 5 is [38, 96] %, and the lag above it does not count then
    assert established(10, 9, 8, n=10) == 50
    assert established(0, 0, n=5) == 0


def test_reach_at_the_end_of_the_grid_and_at_nothing() -> None:
    solved, unsolved = table(row(20, 0, True), row(50, 0, True)), table(row(20, 0, False), row(50, 0, False))
    assert carries.reach(solved)[["reach", "low", "high", "at_limit"]].iloc[0].tolist() == [50, 0, 50, True]
    nothing = carries.reach(unsolved).iloc[0]
    assert (nothing.reach, nothing.high, nothing.at_limit) == (0, 50, False)
    assert math.isnan(nothing.minimal_lag)


def test_reach_of_a_lag_that_only_some_seeds_have() -> None:
    runs = table(row(20, 0, True), row(20, 1, False), row(50, 0, True))
    assert carries.reach(runs).iloc[0].reach == 50


def test_a_cell_does_not_depend_on_other_cells() -> None:
    runs = stats.frame(Row, fake_results.runs(lags=[20, 50]))
    alone = carries.reach(runs[(runs.method == "hf") & (runs.task == "adding")])
    among = carries.reach(runs)
    pd.testing.assert_frame_equal(
        among[(among.method == "hf") & (among.task == "adding")].reset_index(drop=True), alone, check_dtype=False
    )


def test_reach_says_what_stopped_it_and_how_many_lags_were_tried() -> None:
    def told(**beyond: object) -> list[object]:
        runs = table(row(20, 0, True), row(50, 0, False, test_error=0.5, **beyond))
        return carries.reach(runs)[["tried", "stopped"]].iloc[0].tolist()

    assert told() == [2, "budget"]
    assert told(status="diverged") == [2, "failure"]
    assert told(passes=30.0) == [2, "failure"]  # all sequences used
    assert told(status="not_attempted") == [1, ""]


def test_no_runs_have_no_reach() -> None:
    assert carries.reach(table()).empty


def test_the_method_that_carries_furthest_comes_first() -> None:
    found = pd.DataFrame({"task": "t", "method": ["a", "b", "c"], "reach": [20, 50, 50], "largest": [50, 50, 50]})
    assert carries.furthest_first(found) == ["b", "c", "a"]
    assert carries.mean_shares(found).to_dict() == {"a": 0.4, "b": 1.0, "c": 1.0}
