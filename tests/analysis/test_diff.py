"""Comparing two suites: differences beyond chance, differences within it, and conditions that only one suite has."""

import math
from dataclasses import replace

import numpy as np
import pytest

import fake_results
from cases import analysis
from longlag import cli
from longlag.analysis import diff, intervals, stats
from longlag.store.records import Row, write_rows


def table(rows):
    return stats.frame(Row, rows)


def cell(solved, lag=20, first_seed=0, **changes):
    """A cell whose seeds took these passes; None: unsolved."""
    one = next(row for row in fake_results.runs([0], ["esn"], ["adding"], [20]))
    return [
        replace(one, lag=lag, seed=first_seed + i, solved=n is not None, passes_to_solve=n or math.nan, **changes)
        for i, n in enumerate(solved)
    ]


# Newcombe (1998), table II, method 10: rates of the second sample less those of the first
@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [((48, 80), (56, 70), 0.0524, 0.3339), ((3, 10), (9, 10), 0.1705, 0.8090), ((0, 10), (10, 10), 0.6075, 1.0),
     ((2, 7), (6, 7), 0.0582, 0.8062), ((0, 29), (5, 56), -0.0381, 0.1926), ((0, 20), (10, 10), 0.6791, 1.0), ((0, 20), (0, 10), -0.1611, 0.2775)],
)  # fmt: skip
def test_the_difference_of_rates_has_the_published_interval(first, second, low, high):
    found = intervals.newcombe(*first, *second)
    assert found == pytest.approx((second[0] / second[1] - first[0] / first[1], low, high), abs=6e-5)
    assert intervals.newcombe(*second, *first) == pytest.approx((-found[0], -found[2], -found[1]))


def test_what_is_the_same_is_not_told_apart():
    runs = table(fake_results.runs(range(4)))
    cells = diff.compare(runs, runs)
    assert len(cells) == len(stats.success(runs))
    assert (cells.difference == 0).all()
    assert cells.same_spec.all()
    assert ((cells.low < 0) & (cells.high > 0)).all()
    assert set(cells.ratio.dropna()) == {1.0}
    assert (cells.dropna().ratio_low <= 1).all()
    assert diff.only(runs, runs).empty


def test_medians_are_those_of_the_tables():
    runs = table(fake_results.runs(range(5)))
    both = analysis(fake_results.runs(range(5))).costs["passes"].merge(diff.compare(runs, runs), on=stats.CONDITION)
    assert (both["median"] == both.median_a).all()


def test_rates_and_medians_of_other_runs_are_told_apart():
    fast, slow = cell([100.0, 120.0, 110.0, 130.0, 90.0]), cell([1000.0, 900.0, 1100.0, 950.0, 1050.0], first_seed=9)
    (found,) = diff.compare(table(fast), table(slow)).itertuples()
    assert found.ratio == pytest.approx(1000 / 110)
    assert 5 < found.ratio_low <= found.ratio <= found.ratio_high < 15
    (found,) = diff.compare(table(cell([1.0] * 6)), table(cell([None] * 6))).itertuples()
    assert (found.difference, found.median_b, found.ratio) == (-1.0, math.inf, math.inf)
    assert found.high < 0
    (found,) = diff.compare(table(cell([None] * 3)), table(cell([None] * 3))).itertuples()
    assert math.isnan(found.ratio)
    assert math.isnan(found.ratio_low)


def test_the_bootstrap_depends_on_its_cell_alone():
    a, b = cell([10.0, 20.0, 30.0]), cell([20.0, 30.0, 90.0])
    alone = diff.compare(table(a), table(b))
    more = diff.compare(table([*cell([1.0, 2.0], lag=10), *a]), table([*cell([1.0, 3.0], lag=10), *b]))
    np.testing.assert_array_equal(alone.iloc[0].to_numpy(str), more.iloc[1].to_numpy(str))


def test_the_command_says_what_differs_and_what_is_missing(tmp_path, capsys):
    good, bad = cell([100.0] * 6), cell([None] * 6, spec_hash="feed")
    write_rows(tmp_path / "a/runs.csv", [*good, *cell([5.0], lag=50)])
    write_rows(tmp_path / "b/runs.csv", [*bad, *cell([5.0], lag=100)])
    words = ["diff", tmp_path / "a", tmp_path / "b/runs.csv", "--out", tmp_path / "cells.csv"]
    assert cli.main([str(word) for word in words]) == 0
    said = capsys.readouterr().out
    assert any(line.split()[:7] == ["*!", "adding", "esn", "20", "6/6", "0/6", "-100"] for line in said.splitlines())
    assert "only in A: adding with esn at lag 50, 1 seeds" in said
    assert "only in B: adding with esn at lag 100, 1 seeds" in said
    assert "1 condition in both, 1 with another spec (!)" in said
    assert (tmp_path / "cells.csv").read_text().startswith("task,method,lag")
    assert cli.main(["diff", str(tmp_path / "a"), str(tmp_path / "nowhere")]) == 2
