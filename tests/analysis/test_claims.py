"""The comparisons of a list: exact exchange within tasks, Holm, and what the committed rows say."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from statsmodels.duration.survfunc import survdiff

import fake_results
from cases import analysis
from longlag import tables
from longlag.analysis import Analysis, claims, comparison
from longlag.rng import stream
from longlag.store.records import Status

REFERENCE = Path(__file__).parents[2] / "results/reference/runs.csv.gz"


def strata(case: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Three tasks of few seeds with scores of the log-rank test."""
    found = []
    for i, (n, m) in enumerate([(2, 3), (3, 2), (2, 2)]):
        rng = stream(case, "strata", i)
        scores = comparison.scores(rng.integers(1, 5, n + m).astype(float), rng.random(n + m) < 0.7)
        found.append((scores, np.arange(n + m) < n))
    return found


@pytest.mark.parametrize("case", range(4))
def test_all_exchanges_within_strata_are_counted(case: int) -> None:
    groups = strata(case)
    ways = [
        [scores[list(c)].sum() for c in combinations(range(len(scores)), int(first.sum()))] for scores, first in groups
    ]
    sums = np.array([sum(one) for one in product(*ways)])
    here = sum(scores[first].sum() for scores, first in groups)
    slow = min(1.0, 2 * min(np.mean(sums <= here + 1e-9), np.mean(sums >= here - 1e-9)))
    p, error, found = claims.exchange(groups)
    assert (p, error, found) == (pytest.approx(slow), 0, pytest.approx(here))


def test_many_seeds_are_exchanged_at_random_and_agree_with_all_exchanges(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = strata(0)
    exact, _, _ = claims.exchange(groups)
    monkeypatch.setattr(comparison, "MOST_SPLITS", 1)
    p, error, _ = claims.exchange(groups)
    assert 0 < error < 0.01
    assert p == pytest.approx(exact, abs=4 * error)


@pytest.mark.parametrize("advantage", [0.5, 1.0, 2.0])
def test_the_stratified_test_agrees_with_statsmodels(advantage: float) -> None:
    """Its chi-square approximation, by an independent program, is near the exact p of eight seeds against eight."""
    rng, first = stream(int(2 * advantage), "statsmodels"), np.arange(16) < 8
    times = [rng.exponential(np.where(first, advantage, 1.0)) for _ in range(3)]
    solved = [time < 2 for time in times]
    groups = [(comparison.scores(time, done), first) for time, done in zip(times, solved, strict=True)]
    exact, _, _ = claims.exchange(groups)
    which = np.repeat(np.arange(3), 16)
    chi_square = survdiff(
        np.concatenate(times), np.concatenate(solved).astype(int), np.tile(first, 3).astype(int), strata=which
    )
    assert exact == pytest.approx(chi_square[1], abs=0.02, rel=0.2)


def test_holm_by_hand() -> None:
    assert claims.holm(np.array([0.2, 0.001, 0.03])).tolist() == pytest.approx([0.2, 0.003, 0.06])
    assert claims.holm(np.array([])).tolist() == []


def test_runs_of_one_look_are_tied() -> None:
    assert claims.looks(np.array([999.0, 1000, 29_999, 30_000, 89_000, np.inf])).tolist() == [
        0, 1000, 10_000, 30_000, 60_000, np.inf
    ]  # fmt: skip


def test_a_pair_is_compared_where_both_were_tried() -> None:
    rows = fake_results.runs(seeds=range(3), methods=["lstm", "control"], tasks=["adding"], lags=[20, 50])
    rows = [replace(row, **ended(row.method == "lstm", row.seed)) for row in rows]
    above = [replace(row, lag=100, **ended(False, 0)) for row in rows if row.lag == 50]
    untried = [replace(row, status=Status.NOT_ATTEMPTED.value) if row.method == "control" else row for row in above]
    (pair,) = analysis([*rows, *untried]).claims.itertuples()
    assert (pair.first, pair.second, pair.cells, pair.solved_first, pair.solved_second) == ("lstm", "control", 2, 6, 0)
    assert (pair.ahead, pair.p, pair.holm) == ("lstm", pytest.approx(0.1), pytest.approx(0.1))  # ladders, not cells


def ended(solved: bool, seed: int) -> dict[str, object]:
    """How a run of a million passes ends."""
    status = Status.SOLVED if solved else Status.BUDGET
    passes = 100_000.0 * (seed + 1) if solved else 1e6
    return {"solved": solved, "status": status.value, "passes": passes, "passes_to_solve": passes, "budget": 1e6}


def test_every_pair_is_named_once() -> None:
    assert len({frozenset(pair) for pair in claims.PAIRS}) == len(claims.PAIRS)


def test_the_committed_rows_tell_the_chrono_lstm_from_the_lstm() -> None:
    found = Analysis.load(REFERENCE).claims.set_index(["first", "second"])
    chrono = found.loc[("lstm_chrono", "lstm")]
    assert chrono.ahead == "lstm_chrono"
    assert chrono.holm < 0.05


def test_the_table_says_how_many_pairs_were_named_and_never_prints_zero() -> None:
    module, suite = tables.get("claims"), Analysis.load(REFERENCE)
    table = module.build(suite)
    assert len(table) == len(suite.claims)
    assert "< 1e-11" in set(table.p)
    assert "< 2.1e-10" in set(table["p corrected"]), "a bound is corrected as a value is"
    assert f"{len(claims.PAIRS)} that the lecture suggests: its four ways" in module.note(suite)
