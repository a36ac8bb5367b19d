"""Matched pairs and the exact log-rank test, against counts by hand and a slow twin."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import CensoredData, logrank

import fake_results
from cases import analysis
from longlag.analysis import comparison, intervals, stats
from longlag.rng import stream
from longlag.store.records import Row


def observed_less_expected(time: np.ndarray, solved: np.ndarray, first: np.ndarray) -> float:
    """The log-rank numerator from its 2 x 2 tables, one per time of solution."""
    total = 0.0
    for t in np.unique(time[solved]):
        at_risk = time >= t
        events = solved & (time == t)
        total += (events & first).sum() - events.sum() * (at_risk & first).sum() / at_risk.sum()
    return total


def slow_log_rank(time: np.ndarray, solved: np.ndarray, first: np.ndarray) -> float:
    here, sums = observed_less_expected(time, solved, first), []
    for chosen in combinations(range(len(time)), int(first.sum())):
        sums.append(observed_less_expected(time, solved, np.isin(np.arange(len(time)), chosen)))
    below = np.mean([s <= here + 1e-9 for s in sums])
    above = np.mean([s >= here - 1e-9 for s in sums])
    return float(min(1.0, 2 * min(below, above)))


@pytest.mark.parametrize("case", range(6))
def test_the_log_rank_test_is_the_slow_one(case: int) -> None:
    rng = stream(case, "log-rank test")
    n, m = int(rng.integers(2, 5)), int(rng.integers(2, 5))
    time, solved = rng.integers(1, 6, n + m).astype(float), rng.random(n + m) < 0.7
    first = np.arange(n + m) < n
    p = comparison.log_rank(time, solved, first)
    assert p == pytest.approx(slow_log_rank(time, solved, first))
    assert p >= intervals.smallest_p(n, m) - 1e-12


@pytest.mark.parametrize("case", range(3))
def test_the_log_rank_test_is_near_that_of_scipy(case: int) -> None:
    """Which approximates by the normal distribution what is exact here, for eight seeds against eight."""
    rng, first = stream(case, "scipy"), np.arange(16) < 8
    time = rng.exponential(np.where(first, 1 + case, 1.0))
    solved = time < 2
    sides = [CensoredData.right_censored(time[side], ~solved[side]) for side in (first, ~first)]
    assert comparison.log_rank(time, solved, first) == pytest.approx(logrank(*sides).pvalue, abs=0.03, rel=0.1)


def test_seeds_apart_give_the_smallest_p_and_equal_ones_give_one() -> None:
    first, every = np.arange(6) < 3, np.ones(6, bool)
    assert comparison.log_rank(np.arange(6.0), every, first) == pytest.approx(intervals.smallest_p(3, 3))
    assert comparison.log_rank(np.ones(6), every, first) == 1
    assert comparison.log_rank(np.ones(6), ~every, first) == 1


@pytest.mark.parametrize("first", [[], [False, False], [True, True]])
def test_a_method_without_runs_differs_from_none(first: list[bool]) -> None:
    mine = np.array(first, bool)
    assert comparison.log_rank(np.arange(1.0, len(mine) + 1), np.ones(len(mine), bool), mine) == 1


def test_too_many_splits_are_drawn_and_agree_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = stream(0, "log-rank test", "many")
    time, solved, first = rng.random(12), rng.random(12) < 0.8, np.arange(12) < 6
    exact = comparison.log_rank(time, solved, first)
    monkeypatch.setattr(comparison, "MOST_SPLITS", 900)  # of 924
    assert comparison.log_rank(time, solved, first) == pytest.approx(exact, abs=0.1)


def test_a_drawn_p_counts_the_split_found_and_is_never_zero() -> None:
    """Twenty seeds that all solve before twenty others: none of 200,000 random splits is as far apart."""
    p = comparison.log_rank(np.arange(40.0), np.ones(40, bool), np.arange(40) < 20)
    assert p == 2 / (comparison.MOST_SPLITS + 1)


def spec(**parts: object) -> str:
    return json.dumps({"method": {"name": "any", "parts": {"part": "Parts", **parts}}})


def with_specs(**specs: str) -> list[Row]:
    (row,) = fake_results.runs([0], ["hf"], ["adding"], [20])
    return [replace(row, method=name, spec=text) for name, text in specs.items()]


def test_pairs_differ_in_one_setting_or_one_part() -> None:
    sgd, adam = {"part": "SGD", "rate": 0.1, "batch": 10}, {"part": "Adam", "rate": 0.2, "batch": 10}
    rows = with_specs(
        a=spec(optimiser=sgd, cell="x"),
        b=spec(optimiser=sgd | {"rate": 0.3}, cell="x"),
        c=spec(optimiser=adam, cell="x"),
        d=spec(optimiser=adam | {"rate": 0.3, "batch": 5}, cell="y"),
        same=spec(optimiser=sgd, cell="x"),
        dead="",
    )
    pairs = comparison.matched(stats.frame(Row, rows))
    found = {(p.first, p.second): (p.path, p.first_value, p.second_value) for p in pairs.itertuples()}
    assert found == {
        ("a", "b"): ("optimiser.rate", "0.1", "0.3"),
        ("a", "c"): ("optimiser", "SGD", "Adam"),
        ("b", "c"): ("optimiser", "SGD", "Adam"),
        ("b", "same"): ("optimiser.rate", "0.3", "0.1"),
        ("c", "same"): ("optimiser", "Adam", "SGD"),
    }


def test_a_cell_whose_rows_ran_different_settings_is_in_no_pair() -> None:
    rows = with_specs(a=spec(rate=1), b=spec(rate=2))
    assert len(comparison.matched(stats.frame(Row, rows))) == 1
    other = replace(rows[0], seed=1, spec=spec(rate=3))
    assert comparison.matched(stats.frame(Row, [*rows, other])).empty


def test_an_ablation_meets_its_parent_in_made_up_results() -> None:
    pairs = analysis(fake_results.crowded()).pairs
    assert set(zip(pairs["first"], pairs["second"], strict=True)) == {("hf", "hf_undamped")}
    assert set(pairs.task) == {"adding", "memorization_5bit"}  # hf was not run on the third
    assert (pairs.first_sooner + pairs.second_sooner <= pairs.shared).all()
    assert (pairs.p >= pairs.smallest - 1e-12).all()


def test_no_runs_give_no_pairs() -> None:
    assert analysis([]).pairs.empty


def test_of_two_runs_of_one_seed_neither_is_sooner_at_the_same_time() -> None:
    def runs(*times: float) -> pd.DataFrame:
        return pd.DataFrame({"solved": [time < 9 for time in times], "time": times})

    a, b = runs(1, 2, 9, 3, 9), runs(1, 1, 9, 9, 2)
    assert (comparison._sooner(a, b, a.index), comparison._sooner(b, a, a.index)) == (1, 2)
