"""A newcomer against each method: cells won, lost and tied, by arithmetic on rows whose outcome is known."""

import math

import numpy as np
import pandas as pd
import pytest

from fake_results import a_row
from longlag.analysis import Analysis, newcomer, stats
from longlag.store.records import Point, Row
from longlag.tables.tools import newcomer as words

EASY, HARD = 1000.0, math.nan


def rows(method, lag, *passes):
    """A seed per number: the passes it needed; nan: not solved."""
    return [
        a_row(task="adding", method=method, lag=lag, seed=seed, solved=cost == cost, passes_to_solve=cost,
              status="solved" if cost == cost else "budget", spec_hash=f"{method}{lag}", budget=1e6)
        for seed, cost in enumerate(passes)
    ]  # fmt: skip


def frame(*groups):
    return stats.frame(Row, [row for group in groups for row in group])


def outcome(own, other):
    runs = frame(rows("new", 20, *own), rows("old", 20, *other))
    (cell,) = newcomer.cells(runs, "new").itertuples()
    return cell.outcome, cell.clear


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ((EASY, EASY, EASY), (HARD, HARD, HARD), ("won", True)),
        ((HARD, HARD, HARD), (EASY, EASY, EASY), ("lost", True)),
        ((EASY, EASY, HARD), (EASY, HARD, HARD), ("won", False)),
        ((1e5, 1.1e5, 1.2e5, 1.3e5), (3e5, 3.1e5, 3.2e5, 3.3e5), ("won", True)),
        ((3e5, 3.1e5, 3.2e5, 3.3e5), (1e5, 1.1e5, 1.2e5, 1.3e5), ("lost", True)),
        ((1e5, 1.1e5, 1.2e5), (3e5, 3.1e5, 3.2e5), ("tied", False)),  # three seeds bound no ratio
        ((1e3, 2e3, 3e3), (1.1e3, 1.9e3, 3e3), ("tied", False)),
        ((HARD, HARD, HARD), (HARD, HARD, HARD), ("tied", False)),
        ((EASY,), (EASY, EASY, HARD), ("won", False)),
        ((EASY, EASY), (HARD, HARD, HARD), ("won", False)),  # too few seeds to be clear
        ((1e5,), (3e5, 3.1e5, 3.2e5), ("tied", False)),
    ],
)
def test_outcomes_of_one_cell(own, other, expected):
    assert outcome(own, other) == expected


@pytest.mark.parametrize(
    ("ends", "expected"), [((0.5, 0.99), "won"), ((0.5, 1.0), "tied"), ((1.0, 2.0), "tied"), ((1.01, 2.0), "lost")]
)
def test_of_equal_rates_an_interval_of_the_ratio_beside_one_decides(ends, expected):
    assert newcomer._outcome((0.0, -0.5, 0.5), (math.nan, *ends), 5)[0] == expected


def test_only_shared_cells_count_and_all_of_them():
    runs = frame(
        rows("new", 20, EASY, EASY, EASY), rows("new", 50, EASY, EASY, EASY), rows("new", 100, HARD, HARD, HARD),
        rows("old", 20, HARD, HARD, HARD), rows("old", 50, 500.0, 500.0, 500.0), rows("old", 100, HARD, HARD, HARD),
        rows("old", 500, EASY, EASY, EASY), rows("short", 20, EASY, EASY, EASY),
    )  # fmt: skip
    table = newcomer.against(runs, "new", newcomer.cells(runs, "new")).set_index("other")
    old = table.loc["old"]
    assert (old.cells, old.won, old.lost, old.tied) == (3, 1, 0, 2)
    assert (old.won_clearly, old.lost_clearly) == (1, 0)
    assert (old.share, old.p) == (1.0, 1.0)
    assert (old.n, old.solved, old.n_other, old.solved_other) == (9, 6, 9, 3)
    assert (old.both, old.ratio, old.ratio_low, old.ratio_high) == (1, pytest.approx(2), 0, math.inf)
    assert table.loc["short", ["cells", "tied"]].tolist() == [1, 1]


def test_one_ratio_fits_all_pairs_of_task_and_lag():
    lags = {20: (1e5, 1.3e5, 1.9e5), 50: (4e5, 5e5, 6e5), 100: (7e5, 7.7e5, 8e5)}
    runs = frame(*(rows("new", lag, *passes) for lag, passes in lags.items()),
                 *(rows("old", lag, *(2 * n for n in passes)) for lag, passes in lags.items()))  # fmt: skip
    (row,) = newcomer.against(runs, "new", newcomer.cells(runs, "new")).itertuples()
    assert row.both == 3
    assert row.ratio == pytest.approx(0.5)
    assert 0.1 < row.ratio_low < 0.5 < row.ratio_high < 1, "three pairs of three seeds say what one cannot"


def test_the_sign_test_is_exact():
    for won, lost in [(0, 0), (1, 0), (7, 2), (3, 9)]:
        n = won + lost
        flips = [bin(i).count("1") for i in range(2**n)]  # all ways in which n fair coins fall
        extreme = np.mean([abs(heads - n / 2) >= abs(won - n / 2) for heads in flips])
        assert newcomer.sign_test(won, lost) == pytest.approx(extreme)


def analysis(*groups):
    return Analysis(frame(*groups), stats.frame(Point, []), "new")


def test_the_tables_say_it_in_words():
    one = analysis(
        rows("new", 20, EASY, EASY, EASY), rows("old", 20, HARD, HARD, HARD), rows("twin", 20, EASY, EASY, EASY)
    )
    old, twin = words.against(one).table.to_dict("records")
    assert (old["other method"], old["won"], old["lost"], old["tied"]) == ("Old", "1 (1)", "0 (0)", "0")
    assert old["share won"] == "100 % [21, 100] %"
    assert (old["seeds solved"], old["by the other"]) == ("3/3 [44, 100] %", "0/3 [0, 56] %")
    assert (old["passes"], twin["passes"]) == ("–", "1.00 in 1 pair")
    assert twin["share won"] == "–"
    (cell,) = words.by_cell(one).table.to_dict("records")
    assert (cell["won from"], cell["lost to"], cell["tied with"]) == ("old*", "–", "twin")
    first, second, third = words.sentences(one)
    assert first == "New solves 1 of 1 pair of task and lag with at least half of its seeds."
    assert "ahead of old; level with twin" in second
    assert third == (
        "At one task and lag an exact test can give at best p = 0.1 (3 seeds against 3). Read the intervals."
    )


def test_the_smallest_p_is_that_of_the_real_numbers_of_seeds():
    one = analysis(rows("new", 20, *[EASY] * 3), rows("old", 20, *[HARD] * 5), rows("other", 20, *[HARD] * 3))
    assert "p = 0.1 (3 seeds against 3) and p = 0.036 (3 seeds against 5). Read" in words.sentences(one)[2]
    assert (one.fewest_seeds, one.smallest_p) == ((3, 3), 0.1)
    quick = analysis(rows("new", 20, EASY), rows("old", 20, *[HARD] * 5), rows("other", 50, EASY))
    *_, last = words.sentences(quick)
    assert "p = 0.33 (1 seed against 5). Read" in last
    assert not any("ahead of" in sentence for sentence in words.sentences(quick)), "one seed gives no order"
    assert (quick.fewest_seeds, quick.smallest_p) == ((1, 5), 1 / 3)


def test_a_newcomer_that_nobody_met_has_a_sentence_and_empty_tables():
    one = analysis(rows("new", 20, HARD))
    assert words.sentences(one) == ["No other method was run at the tasks and lags of New."]
    assert words.against(one).table.empty
    assert isinstance(words.by_cell(one).table, pd.DataFrame)
