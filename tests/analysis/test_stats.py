"""Statistics against values worked out by hand."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import CensoredData, binomtest, ecdf

import fake_results
from fake_results import a_run as row
from longlag import tables
from longlag.analysis import Analysis, intervals, stats
from longlag.errors import LonglagError
from longlag.figures import endings, overview
from longlag.report import explorer, headline
from longlag.rng import stream
from longlag.store import records
from longlag.store.records import Point, Row, Status


def table(*rows: Row) -> pd.DataFrame:
    return stats.frame(Row, rows)


def analysis(runs: pd.DataFrame) -> Analysis:
    return Analysis(runs, stats.frame(Point, []))


def test_wilson_interval_by_hand() -> None:
    z2 = 1.959963984540054**2
    assert [float(x) for x in intervals.wilson(5, 5)] == pytest.approx([5 / (5 + z2), 1.0])  # 57 % to 100 %
    assert [float(x) for x in intervals.wilson(0, 5)] == pytest.approx([0.0, z2 / (5 + z2)])
    assert [float(x) for x in intervals.wilson(0, 0)] == [0, 1]
    assert [float(x) for x in intervals.wilson(1, 2)] == pytest.approx([0.0945, 0.9055], abs=1e-4)


@pytest.mark.parametrize(("solved", "n"), [(0, 3), (2, 3), (5, 5), (7, 10), (113, 400)])
def test_wilson_interval_is_that_of_scipy(solved: int, n: int) -> None:
    found = binomtest(solved, n).proportion_ci(0.95, method="wilson")
    assert [float(x) for x in intervals.wilson(solved, n)] == pytest.approx([found.low, found.high])


@pytest.mark.parametrize("case", range(3))
def test_kaplan_meier_is_that_of_scipy(case: int) -> None:
    rng = stream(case, "Kaplan-Meier")
    time, solved = rng.integers(1, 30, 40).astype(float), rng.random(40) < 0.6
    theirs = ecdf(CensoredData.right_censored(time, ~solved)).sf
    ours = intervals.kaplan_meier(time, solved)
    assert ours["survival"] == pytest.approx(theirs.evaluate(ours["time"]))


def test_a_processor_with_other_kernels_is_of_another_kind() -> None:
    machines = [("Z80", "A"), ("Z80", "B"), ("8086", "A"), ("Z80", "A"), ("", ""), ("", "A")]
    assert stats.kinds_of_processor(machines) == 3
    assert stats.kinds_of_processor([]) == 0


def test_smallest_attainable_p() -> None:
    assert intervals.smallest_p(5, 5) == pytest.approx(2 / 252)
    assert intervals.smallest_p(1, 1) == 1.0


def test_success_counts_what_was_not_attempted_as_unsolved() -> None:
    runs = table(row(50, 0, True), row(50, 1, False, status="not_attempted"), row(50, 2, False, status="error"))
    cell = stats.success(runs).iloc[0]
    assert (cell.n, cell.attempted, cell.solved, cell.minimal_lag) == (3, 2, 1, 25)
    assert cell.rate == pytest.approx(1 / 3)


def test_kaplan_meier_by_hand() -> None:
    time = np.array([10.0, 20.0, 20.0, 30.0, 40.0])
    solved = np.array([True, True, False, True, False])
    curve = intervals.kaplan_meier(time, solved)
    assert curve["time"].tolist() == [10, 20, 30]
    assert curve["at_risk"].tolist() == [5, 4, 2]
    assert curve["survival"].tolist() == pytest.approx([4 / 5, 4 / 5 * 3 / 4, 4 / 5 * 3 / 4 / 2])


@pytest.mark.parametrize("status", [Status.BUDGET, Status.DIVERGED, Status.TIMEOUT, Status.ERROR, Status.NOT_ATTEMPTED])
def test_every_unsolved_run_is_censored_at_the_full_budget(status: Status) -> None:
    runs = table(row(50, 0, True), row(50, 1, False, status=status.value, passes=7.0))
    assert stats.solve_times(runs).time.tolist() == [100, 1000]
    curve = analysis(runs).survival
    assert curve[["time", "at_risk", "events", "survival"]].to_numpy().tolist() == [[100, 2, 1, 0.5]]


def test_a_run_without_any_numbers_takes_budget_and_rate_of_its_cell() -> None:
    nan = math.nan
    dead = row(50, 1, False, status="error", passes=nan, budget=nan, flops=nan, seconds=nan)
    runs = table(row(50, 0, True), dead)
    assert stats.solve_times(runs).time.tolist() == [100, 1000]
    assert stats.solve_times(runs, "flops").time.tolist() == [5e3, 5e4]
    assert stats.solve_times(table(dead)).time.tolist() == [math.inf]


def test_a_readout_that_used_all_its_sequences_costs_what_it_used() -> None:
    spent = {"passes": 30.0, "flops": 2e3, "seconds": 0.5, "test_error": 0.5}
    runs = table(*(row(50, seed, False, **spent) for seed in (0, 1)))
    costs = analysis(runs).costs
    assert [costs[axis].iloc[0].budget for axis in stats.AXES] == [30, 2e3, 0.5]
    assert costs["passes"].iloc[0].exhausted
    assert stats.solve_times(runs).time.tolist() == [1000, 1000]  # it had not solved within any budget
    diverged = table(row(50, 0, False, status="diverged", **spent))
    assert [analysis(diverged).costs[axis].iloc[0].budget for axis in stats.AXES] == [1000, 2e3, 0.5]


def test_the_bound_of_unsolved_runs_is_the_most_that_one_spent_and_one_that_may_go_on_is_enough() -> None:
    used_up = row(50, 0, False, passes=30.0, flops=2e3, test_error=0.5)
    runs = table(used_up, row(50, 1, False, test_error=0.5), row(50, 2, True))
    costs = analysis(runs).costs
    assert [costs[axis].iloc[0].budget for axis in ("passes", "flops")] == [1000, 5e4]
    assert not costs["passes"].iloc[0].exhausted


def test_a_run_that_was_not_attempted_adds_nothing_to_the_bound() -> None:
    """Its condition's runs diverged early: at their rate of operations the budget would cost ten times as much."""
    ended = [row(50, seed, False, status="diverged", passes=100.0, flops=5e3, seconds=0.5) for seed in (0, 1)]
    left = row(50, 2, False, status="not_attempted", passes=0.0, flops=0.0, seconds=0.0)
    costs = analysis(table(*ended, left)).costs
    assert [costs[axis].iloc[0].budget for axis in stats.AXES] == [1000, 5e3, 0.5]
    assert stats.solve_times(table(*ended, left), "flops").time.tolist() == [5e4, 5e4, 5e4]


def test_such_a_readout_is_nowhere_said_to_have_run_out_of_anything() -> None:
    """It ended as it should: no budget and no stock of sequences was too small."""
    spent = {"passes": 30.0, "flops": 2e3, "seconds": 0.5, "test_error": 0.5, "best_error": 0.5}
    suite = analysis(table(*(row(50, seed, False, **spent) for seed in (0, 1))))
    (ended,) = tables.get("failures").build(suite)["the others ended"]
    (cell,) = explorer.island(suite)["tasks"][0]["cells"]
    assert ended == cell[8] == "2 all sequences used"
    assert "2 used every sequence that the readout asks for" in headline.sentences(suite)[-1]
    assert "2 all sequences used. For" in endings.caption(suite)
    drawn = [figure.draw(suite) for figure in (endings, overview)]
    words = {text.get_text() for figure in drawn for keys in figure.legends for text in keys.get_texts()}
    assert {"stopped by a failure, or all sequences used", "unsolved: near miss"} <= words
    said = [*words, endings.caption(suite), overview.caption(suite), tables.get("failures").note(suite)]
    assert not [text for text in said if re.search("out of sequences|end of its sequences|^ran out", text)]


def test_runs_that_end_as_budget_end_in_four_ways() -> None:
    runs = table(
        row(50, 0, False, test_error=0.011), row(50, 1, False, test_error=0.005), row(50, 2, False, passes=30.0, test_error=0.5),
        row(50, 3, False, reason="confirmed on validation, but 1.10% of the test set wrong", passes=30.0),
        row(50, 4, True), row(50, 5, False, status="not_attempted", passes=math.nan, test_error=math.nan),
    )  # fmt: skip
    assert stats.ending(runs).tolist() == [
        "budget", "solved unconfirmed", "all sequences used", "failed the test", "solved", "not_attempted"
    ]  # fmt: skip
    assert analysis(runs).failures.endings.iloc[0]["solved unconfirmed"] == 1


def test_median_cost_is_beyond_the_budget_when_fewer_than_half_solve() -> None:
    runs = table(row(50, 0, True), *(row(50, seed, False) for seed in (1, 2)))
    cell = analysis(runs).costs["passes"].iloc[0]
    assert (cell["median"], cell["first"], cell["last"], cell.budget) == (math.inf, 100, math.inf, 1000)
    assert analysis(runs.iloc[:2]).costs["seconds"].iloc[0]["median"] == 1.0


def test_failures_count_each_status_and_name_the_commonest_reason() -> None:
    late = [row(50, seed, False, status="diverged", reason="nan at update 3") for seed in (1, 2)]
    cell = analysis(table(row(50, 0, True), *late, row(50, 3, False))).failures.iloc[0]
    assert (cell.n, cell.solved, cell.diverged, cell.budget, cell.timeout) == (4, 1, 2, 1, 0)
    assert cell.reason == "nan at update 3"


def test_near_misses_are_measured_between_the_criterion_and_the_constant_answer() -> None:
    def near(best: float, constant: float = 1.0) -> float:
        run = row(50, 0, False, best_error=best, constant_error=constant, half_solved_error=0.5)
        (left,) = stats.near_misses(table(run)).left
        return float(left)

    assert near(0.1) == pytest.approx(0.5)  # half of the way down from 1 to 0.01, in the logarithm
    assert (near(1.0), near(0.9, constant=0.8), near(0.01), near(0.0)) == (1, 1, 0, 0)
    assert math.isnan(near(math.nan))
    assert near(0.005, constant=0.01) == 0


def test_only_attempted_and_unsolved_runs_can_be_near_and_the_nearest_counts() -> None:
    runs = table(
        row(50, 0, True), row(50, 1, False, best_error=0.4), row(50, 2, False, best_error=0.2, status="diverged"),
        row(50, 3, False, status="not_attempted", best_error=math.nan),
    )  # fmt: skip
    assert stats.near_misses(runs).seed.tolist() == [1, 2]
    assert analysis(runs).failures.best.tolist() == [0.2]
    assert math.isnan(analysis(table(row(50, 0, True))).failures.best.iloc[0])


def test_missing_names_absent_pairs_and_short_cells() -> None:
    runs = table(row(20, 0, True), row(20, 1, True), row(50, 0, True))
    found = stats.missing(runs, ["adding"], ["lstm", "hf"])
    assert found.n.tolist() == [0, 1]
    assert found.lag.isna().tolist() == [True, False]
    assert found.of.unique().tolist() == [2]


def test_no_runs_give_empty_tables() -> None:
    none = analysis(table())
    for found in (none.success, none.costs["passes"], none.failures, none.survival):
        assert found.empty
        assert {"task", "method", "lag"} <= set(found.columns)


def test_load_gives_back_what_was_written(tmp_path: Path) -> None:
    rows = fake_results.write(tmp_path, seeds=[0, 1])
    runs = stats.load_runs(tmp_path / "runs.csv")
    assert len(runs) == len(rows)
    assert runs.solved.dtype == bool
    assert len(stats.load_curves(tmp_path / "curves.parquet")) == len(fake_results.points(rows))
    assert stats.load_curves(None).empty


@pytest.mark.parametrize("sort", [True, False])
def test_points_of_other_runs_are_told_apart_in_any_order(sort):
    rows = fake_results.runs(range(3), ["lstm", "hf"], ["adding"])
    curves = stats.frame(Point, fake_results.points(rows))
    curves = curves if sort else curves.sample(frac=1, random_state=1, ignore_index=True)
    own = stats.frame(Row, [row for row in rows if row.seed != 1])
    kept, others = stats.of_runs(curves, own)
    pd.testing.assert_frame_equal(kept, curves[curves.seed != 1].reset_index(drop=True))
    assert others == sorted({records.key_of(row) for row in rows if row.seed == 1 and row.passes > 0})
    everything, nobody = stats.of_runs(kept, own)
    assert everything is kept
    assert nobody == []
    none, others = stats.of_runs(curves.head(0), own)
    assert none.empty
    assert others == []


def test_two_rows_for_one_run_are_refused(tmp_path: Path) -> None:
    records.write_rows(tmp_path / "runs.csv", [row(20, 0, True), row(20, 0, False)])
    with pytest.raises(LonglagError, match="two rows for one run"):
        stats.load_runs(tmp_path / "runs.csv")
