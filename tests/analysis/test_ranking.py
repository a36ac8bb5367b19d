"""The order of all methods: on cells where they meet, with intervals, and with the settings that rows record."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fake_results import a_row
from longlag import resources, tables
from longlag.analysis import Analysis, intervals, ranking, stats
from longlag.rng import stream
from longlag.store.designs import Design
from longlag.store.records import Point, Row, rows_in


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


def climbed(rates, n, rng):
    """Which lags n seeds solve that stop after two unsolved ones [n, L]."""
    solved, fails = np.zeros((n, len(rates)), bool), np.zeros(n, int)
    for lag, rate in enumerate(rates):
        solved[:, lag] = (rng.random(n) < rate) & (fails < 2)
        fails = np.where(solved[:, lag], 0, fails + 1)
    return solved


LADDERS = {  # rates of each task at rising lags
    "all even": [[0.5] * 6] * 4,
    "one task, even": [[0.5] * 6],
    "one task, mostly solved": [[0.8] * 6],
    "many tasks": [[0.7] * 6] * 8,
    "two ladders": [[0.9] * 3, [0.6] * 6],
    "cliffs": [[1, 1, 0.5, 0], [1, 0.9, 0.1, 0], [1, 1, 1, 1], [0.3, 0, 0, 0]],
}


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("name", LADDERS)
def test_the_interval_covers_the_true_share(name, n):
    tasks, rng, times = LADDERS[name], stream(0, "test ranking", name, n), 150
    many = [climbed(rates, 20_000, rng).mean(axis=0) for rates in tasks]
    true = np.concatenate(many).mean()
    covered = 0
    for _ in range(times):
        seeds = [(f"t{i}", climbed(rates, n, rng)) for i, rates in enumerate(tasks)]
        runs = [(task, lag, one) for task, solved in seeds for lag, column in enumerate(solved.T) for one in column]
        _, _, _, low, high, *_ = ranking._of(pd.DataFrame(runs, columns=["task", "lag", "solved"]).assign(spec=""), 0)
        covered += low <= true <= high
    assert covered / times >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / times)


def test_intervals_hold_the_share_and_have_the_ladders_for_trials():
    found = table(RUNS)
    assert (found.low <= found.share).all()
    assert (found.share <= found.high).all()
    assert found.loc["far", ["low", "high"]].tolist() == pytest.approx([*map(float, intervals.wilson(5, 5))])
    ladders = 1 / ((2 / 3) ** 2 / 3 + (1 / 3) ** 2 / 3)  # two lags of one task and one of another, three seeds
    good = intervals.wilson(found.share["good"] * ladders, ladders)
    assert found.loc["good", ["low", "high"]].tolist() == pytest.approx([*map(float, good)])


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
    analysis = Analysis(stats.frame(Row, [*RUNS, *twin]), stats.frame(Point, []))
    found = tables.get("ranking").build(analysis).set_index("method")
    assert found["rank"].to_dict() == {"far": 1, "twin": 1, "good": 3, "bad": 4}
    assert found.settings.to_dict() == {
        "far": "those of its file, version 1",
        "twin": "those of its file, version 1",
        "good": "per task: optimiser.learning_rate",
        "bad": "on every task: optimiser.batch = 10",
    }
    assert found.loc["good", "pairs"] == "3 of 3"
    assert found.loc["far", "seeds solved"] == "100 % [57, 100] %"
    assert "how chosen" not in found, "it is the same for all, so the note says it"
    assert tables.get("ranking").note(analysis).endswith(" All are chosen alike: unknown."), "no suite is known"


def test_the_table_says_how_settings_were_chosen():
    suite = {"tuned": {"search": {"candidates": 5, "seeds": [1]}, "methods": {"bad": {"one": {}, "tasks": {}}}}}
    known = {name: Design(name, suite) for name in ("bad", "far", "good")}
    suite["tuned"]["methods"]["bad"]["tasks"] = {"adding": {"optimiser.batch": 10}, "xor": {"optimiser.batch": 10}}
    analysis = Analysis(stats.frame(Row, RUNS), stats.frame(Point, []), designs=known)
    found = tables.get("ranking").build(analysis).set_index("method")["how chosen"]
    assert found["far"] == "not searched: values of its file"
    assert found["good"] == "by hand: optimiser.learning_rate"
    assert found["bad"] == "search: recipe and 5 candidates, 1 seed, 2 tasks at lag unknown, unknown passes"
    assert "All are chosen alike" not in tables.get("ranking").note(analysis)


def test_a_variant_is_known_by_the_method_of_its_spec():
    spec = json.dumps({"method": {"name": "lstm"}, "overrides": {"rate": 1.0}})
    fast = [replace(row, spec=spec) for row in rows("fast", "xor", {20: [Y]})]
    frozen = {"search": {"candidates": 5}, "methods": {"lstm": {"one": {}, "tasks": {"xor": {"rate": 1.0}}}}}
    known = {"fast": Design("fast", {"tuned": frozen})}
    analysis = Analysis(stats.frame(Row, fast), stats.frame(Point, []), designs=known)
    (found,) = tables.get("ranking").build(analysis)["how chosen"]
    assert found.startswith("search: recipe and 5 candidates, unknown seeds, 1 task")


def test_the_reference_says_how_each_method_was_tuned():
    """By the frozen settings of its suite: no number stands in the code."""
    folder = resources.find(resources.REFERENCE)
    search = json.loads((folder / "suite.json").read_text())["tuned"]["search"]
    candidates = search.get("final_of", search)["candidates"]
    analysis = Analysis.load(rows_in(folder))
    found = tables.get("ranking").build(analysis)
    assert {*found.method} == {*analysis.methods}
    _, how = tables.get("ranking").note(analysis).split(" All are chosen alike: ")
    assert f"recipe and {candidates} candidates, " in how
    assert "unknown" not in how
    assert "by hand" not in how
