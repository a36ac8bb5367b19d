"""The order of all methods: on cells where they meet, with intervals, and with the settings that rows record."""

import json

import numpy as np
import pytest

from fake_results import a_row
from longlag import tables
from longlag.analysis import Analysis, intervals, ranking, stats
from longlag.store.records import Point, Row


def rows(method, task, outcomes, **overrides):
    """outcomes: lag -> whether each seed solved."""
    spec = json.dumps({"overrides": overrides})
    return [
        a_row(task=task, method=method, lag=lag, seed=seed, solved=solved, spec=spec)
        for lag, seeds in outcomes.items()
        for seed, solved in enumerate(seeds)
    ]


Y, N = True, False
RUNS = [
    *rows("good", "adding", {20: [Y, Y, Y], 50: [Y, Y, N]}, **{"optimiser.learning_rate": 0.1}),
    *rows("good", "xor", {20: [Y, Y, Y]}, **{"optimiser.learning_rate": 0.2}),
    *rows("bad", "adding", {20: [Y, N, N], 50: [N, N, N]}, **{"optimiser.batch": 10}),
    *rows("bad", "xor", {20: [N, N, N]}, **{"optimiser.batch": 10}),
    *rows("far", "adding", {20: [Y, Y, Y, Y, Y], 500: [Y, Y, Y, Y, Y], 1000: [Y, Y, Y, Y, Y]}),
    *rows("lonely", "adding", {700: [Y, Y, Y]}),
]


def table(found):
    return ranking.ranking(stats.frame(Row, found)).set_index("method")


def test_only_cells_where_methods_meet_count():
    found = table(RUNS)
    assert [*found.index] == ["far", "good", "bad"], "lonely met nobody"
    assert found.cells.to_dict() == {"far": 1, "good": 3, "bad": 3}
    assert set(found.of) == {3}
    assert found.share.to_dict() == pytest.approx({"far": 1.0, "good": (1 + 2 / 3 + 1) / 3, "bad": (1 / 3) / 3})
    assert found.n.to_dict() == {"far": 5, "good": 9, "bad": 9}


def test_ladders_are_those_of_the_seeds_and_a_missing_row_is_one_of_its_own():
    nan = np.nan
    solved = np.array([[1, 0], [1, nan], [1, 0], [nan, nan], [1, nan]])
    distinct, which = intervals.ladders(solved)
    assert len(distinct) == 3
    np.testing.assert_array_equal(distinct[which], solved)


def test_a_crowd_of_seeds_has_the_interval_that_they_have_one_by_one(monkeypatch):
    outcomes = {20: [Y] * 90 + [N] * 60, 50: [Y] * 30 + [N] * 120}
    runs = [*rows("a", "adding", outcomes), *rows("b", "adding", outcomes)]
    together = table(runs)
    monkeypatch.setattr(ranking, "_CROWD", 1000)
    one_by_one = table(runs)
    assert (together.share == one_by_one.share).all()
    assert (together.low < together.share).all()
    assert (together.share < together.high).all()
    for end in ("low", "high"):
        assert together[end].to_numpy() == pytest.approx(one_by_one[end].to_numpy(), abs=0.01)


def test_intervals_hold_the_share_and_shrink_where_seeds_agree():
    found = table(RUNS)
    assert (found.low <= found.share).all()
    assert (found.share <= found.high).all()
    assert found.loc["far", "low"] == found.loc["far", "high"] == 1
    assert found.loc["good", "low"] < found.loc["good", "high"]


def test_the_settings_are_those_of_the_rows():
    found = table(RUNS).settings
    assert found["good"] == {"optimiser.learning_rate": [0.1, 0.2]}
    assert found["bad"] == {"optimiser.batch": [10]}
    assert found["far"] == {}
    half = [*rows("half", "adding", {20: [Y]}), *rows("half", "xor", {20: [Y]}, rate=1.0)]
    assert table(half).settings["half"] == {"rate": [None, 1.0]}
    scaled = [*rows("scaled", "adding", {20: [Y]}, scales=[1, 2]), *rows("scaled", "xor", {20: [Y]}, scales=[1, 2])]
    assert table(scaled).settings["scaled"] == {"scales": [[1, 2]]}


def test_the_table_says_who_was_tuned_how_and_ties_share_a_rank():
    twin = rows("twin", "xor", {20: [Y]})
    built = tables.get("ranking").build(Analysis(stats.frame(Row, [*RUNS, *twin]), stats.frame(Point, [])))
    found = built.set_index("method")
    assert found["rank"].to_dict() == {"far": 1, "twin": 1, "good": 3, "bad": 4}
    assert found.settings.to_dict() == {
        "far": "those of its file",
        "twin": "those of its file",
        "good": "optimiser.learning_rate per task",
        "bad": "optimiser.batch = 10 on every task",
    }
    assert found.loc["good", "pairs"] == "3 of 3"
    assert found.loc["far", "seeds solved"] == "100 % [100, 100] %"
