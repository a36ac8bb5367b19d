"""Comparing two suites: differences beyond chance, differences within it, and conditions that only one suite has."""

import math
from dataclasses import replace

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


def test_a_rate_of_no_runs_may_be_any():
    low, high = map(float, intervals.wilson(3, 5))
    assert intervals.newcombe(0, 0, 3, 5) == pytest.approx((math.nan, low - 1, high), nan_ok=True)
    assert intervals.newcombe(3, 5, 0, 0) == pytest.approx((math.nan, -high, 1 - low), nan_ok=True)
    assert intervals.newcombe(0, 0, 0, 0) == pytest.approx((math.nan, -1, 1), nan_ok=True)


def test_what_is_the_same_is_not_told_apart():
    runs = table(fake_results.runs(range(4)))
    cells = diff.compare(runs, runs)
    assert len(cells) == len(stats.success(runs))
    assert (cells.difference == 0).all()
    assert cells.same_spec.all()
    assert ((cells.low < 0) & (cells.high > 0)).all()
    assert set(cells.ratio.dropna()) == {1.0}
    assert ((cells.ratio_low < 1) & (cells.ratio_high > 1)).all()
    assert (cells.sooner_a == 0).all()
    assert (cells.sooner_b == 0).all()
    assert diff.only(runs, runs).empty


def test_runs_solved_with_no_pass_at_all_are_sooner_than_any_other():
    """A plug-in may know its weights: its only step asks nothing and says that it is exhausted."""
    none, some = [replace(row, passes_to_solve=0.0) for row in cell([1.0] * 5)], cell([6000.0] * 5)
    (found,) = diff.compare(table(none), table(some)).itertuples()
    assert (found.ratio, found.ratio_low, found.ratio_high) == (math.inf, 1, math.inf)
    (found,) = diff.compare(table(some), table(none)).itertuples()
    assert (found.ratio, found.ratio_low, found.ratio_high) == (0, 0, 1)
    (found,) = diff.compare(table(none), table(none)).itertuples()
    assert math.isnan(found.ratio)


def test_runs_solved_before_the_first_look_are_compared_like_others():
    """A one-shot readout may need fewer passes than the first look is at."""
    (found,) = diff.compare(table(cell([64.0] * 5, lag=50)), table(cell([6000.0] * 5, lag=50))).itertuples()
    assert found.ratio == 6000 / 64
    assert found.ratio_low <= found.ratio <= found.ratio_high
    assert found.ratio_low > 1


def test_rows_of_killed_jobs_have_no_digest_in_common():
    runs = table(cell([1e5] * 3, lag=50))
    assert diff.compare(runs, runs).same_spec.all()
    assert not diff.compare(runs, runs.assign(spec_hash="")).same_spec.any()
    assert not diff.compare(runs.assign(spec_hash=""), runs.assign(spec_hash="")).same_spec.any()


def test_a_solved_run_that_does_not_say_when_counts_as_never():
    """Records of others may have such rows."""
    rows = cell([None, None, 3e5, 4e5], lag=50)
    known = table(rows)
    silent = table([replace(row, solved=True) if math.isnan(row.passes_to_solve) else row for row in rows])
    (found,), (plain,) = (diff.compare(a, known).itertuples() for a in (silent, known))
    assert (found.ratio_low, found.ratio_high) == (plain.ratio_low, plain.ratio_high)
    assert found.median_a == plain.median_a


@pytest.mark.parametrize("seeds", [4, 5])
def test_medians_are_those_of_the_tables(seeds):
    runs = table(fake_results.runs(range(seeds)))
    both = analysis(fake_results.runs(range(seeds))).costs["passes"].merge(diff.compare(runs, runs), on=stats.CONDITION)
    assert (both["median"] == both.median_a).all()


def test_rates_and_medians_of_other_runs_are_told_apart():
    fast, slow = cell([1e5, 1.2e5, 1.1e5, 1.3e5, 9e4]), cell([1e6, 9e5, 1.1e6, 9.5e5, 1.05e6], first_seed=9)
    (found,) = diff.compare(table(fast), table(slow)).itertuples()
    assert found.ratio == pytest.approx(1000 / 110)
    assert 5 < found.ratio_low < found.ratio < found.ratio_high < 20
    (found,) = diff.compare(table(cell([1.0] * 6)), table(cell([None] * 6))).itertuples()
    assert (found.difference, found.median_b, found.ratio) == (-1.0, math.inf, math.inf)
    assert found.high < 0
    (found,) = diff.compare(table(cell([None] * 3)), table(cell([None] * 3))).itertuples()
    assert math.isnan(found.ratio)
    assert (found.ratio_low, found.ratio_high) == (0, math.inf)


def test_shared_seeds_are_counted_by_who_was_sooner():
    (found,) = diff.compare(
        table(cell([1e5, 2e5, None, None])), table(cell([2e5, 1e5, 3e5], first_seed=0))
    ).itertuples()
    assert (found.shared, found.sooner_a, found.sooner_b) == (3, 1, 2)


def test_a_run_is_known_between_two_looks():
    """All runs solved at one look: the ratio is then known as well as the look."""
    same = [60_000.0] * 5
    (found,) = diff.compare(table(cell(same)), table(cell(same))).itertuples()
    assert (found.ratio_low, found.ratio_high) == (pytest.approx(0.5), pytest.approx(2))


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


def test_labels_name_the_columns_and_two_methods_of_one_record_are_compared(tmp_path, capsys):
    rows = [*cell([1e5] * 4), *cell([2e5] * 4, method="hot", spec_hash="feed")]
    write_rows(tmp_path / "a/runs.csv", rows)
    assert cli.main(["diff", f"low={tmp_path / 'a'}", f"high={tmp_path / 'a'}"]) == 0
    assert "task    method  lag  low  high  high - low, %" in capsys.readouterr().out
    assert cli.main(["diff", str(tmp_path / "a"), "--methods", "esn", "hot"]) == 0
    said = capsys.readouterr().out
    assert "esn | hot  20   4/4  4/4" in said
    assert "4 | 0 of 4" in said
    assert f"hot: {tmp_path / 'a'}" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a"], "diff needs two RUNs, or --methods FIRST SECOND"),
        (["x=a", "x=a"], "both RUNs have the label 'x'"),
        (["a", "--methods", "esn", "ens"], "unknown method of a 'ens'; did you mean 'esn'?"),
    ],
)
def test_what_cannot_be_compared_is_refused(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path / "a/runs.csv", cell([1e5] * 4))
    assert cli.main(["diff", *words]) == 2
    assert message in capsys.readouterr().err
