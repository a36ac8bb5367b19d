"""The grid of a record is read off its rows, whatever they are."""

import json
import re

import pytest

from fake_results import a_row
from longlag import protocol, resources
from longlag.design import grid, suite
from longlag.errors import LonglagError
from longlag.store.records import read_rows, rows_in

SPEC = '{"timeout": 60}'


def rows(task, method, lags, seeds, budget=1e6, spec=SPEC):
    return [
        a_row(task=task, method=method, lag=lag, seed=seed, budget=budget, spec=spec, passes=float(lag))
        for lag in lags
        for seed in seeds
    ]


RECORD = [
    *rows("adding", "control", (20, 50, 100), range(3)),
    *rows("adding", "hf", (20, 50, 100), range(3)),
    *rows("adding", "esn", (20, 50, 500), range(5), budget=2e6, spec="{}"),
    *rows("xor", "control", (30,), range(3)),
]


def test_lags_without_a_row_are_found():
    assert grid.absent(RECORD, [], [30, 20, 7, 7]) == {7: ["adding", "xor"], 20: ["xor"], 30: ["adding"]}
    assert grid.absent(RECORD, ["adding"], [30, 20]) == {30: ["adding"]}


def test_lags_seeds_and_budget_are_those_of_most_methods():
    adding, xor = grid.of(RECORD)
    assert adding == grid.Cell("adding", (20, 50, 100), (0, 3), 1e6, 60)
    assert xor == grid.Cell("xor", (30,), (0, 3), 1e6, 60)
    assert (adding.runs(), xor.runs()) == (9, 3)


def test_what_half_of_the_methods_have_is_in_the_grid():
    (cell,) = grid.of([*rows("adding", "control", (20, 50), range(3)), *rows("adding", "hf", (20,), range(2))])
    assert (cell.lags, cell.seeds) == ((20, 50), (0, 3))


def test_a_part_of_the_grid():
    assert [cell.task for cell in grid.of(RECORD, tasks=["xor"])] == ["xor"]
    (cell,) = grid.of(RECORD, lags=[500, 20])
    assert cell.lags == (20, 500)
    assert grid.of(RECORD, lags=[30])[0].task == "xor"
    quick = grid.of(RECORD, quick=True)
    assert [(cell.lags, cell.seeds) for cell in quick] == [((20,), (0, 1)), ((30,), (0, 1))]


@pytest.mark.parametrize(
    ("record", "choice", "said"),
    [
        ([], {}, "the reference has no rows of reported seeds; name a runs.csv"),
        (RECORD, {"tasks": ["adding", "xro"]}, "unknown task of the reference 'xro'; did you mean 'xor'"),
        (RECORD, {"lags": [7]}, "has no rows at lags 7; it has 20, 30, 50, 100, 500"),
    ],
)
def test_what_is_not_there_is_refused(record, choice, said):
    with pytest.raises(LonglagError, match=said):
        grid.of(record, **choice)


def test_trials_of_a_search_are_no_results_to_compare_with():
    first = protocol.FIRST_TUNING_SEED
    trials = rows("adding", "lstm-01", (20, 1000), range(first, first + 2), spec='{"stop": "budget"}')
    assert grid.reported([*RECORD, *trials]) == list(RECORD)
    with pytest.raises(LonglagError, match="no rows of reported seeds"):
        grid.of(grid.reported(trials))


def test_it_becomes_a_suite_with_a_job_per_task_and_seed():
    plan = suite.parse(grid.suite_of(grid.of(RECORD), "compare", ["control"], []))
    assert len(plan.jobs) == 6
    assert {(job.tasks, job.lags, job.budget, job.timeout) for job in plan.jobs} == {
        (("adding",), (20, 50, 100), 1e6, 60), (("xor",), (30,), 1e6, 60),
    }  # fmt: skip
    assert len(plan.expected()) == sum(cell.runs() for cell in grid.of(RECORD))


@pytest.mark.parametrize(
    ("paper", "stop", "recent"),
    [("sutskever2013", "budget", {None}), ("hochreiter1997", "solved", {2000, None})],  # its tasks 2b and 2c: None
)
def test_a_newcomer_is_judged_by_the_rules_of_the_record(paper, stop, recent):
    every = grid.reported(read_rows(resources.find(f"results/papers/{paper}") / "runs.csv"))
    record = [row for row in every if row.method != "lstm_1997_140"]  # of multiplication to another criterion
    plan = suite.parse(grid.suite_of(grid.of(record), "compare", ["lstm"], []))
    assert {(job.stop, job.rules.get("recent")) for job in plan.jobs} == {(stop, last) for last in recent}
    rules = {row.task: json.loads(row.spec).get("rules", {}) for row in record}
    assert {job.tasks: job.rules for job in plan.jobs} == {(task,): of for task, of in rules.items()}


def test_rows_of_different_rules_have_no_grid():
    strict = rows("adding", "lstm", (20, 50), range(3), spec='{"timeout": 60, "rules": {"recent": 2000}}')
    killed = rows("adding", "lstm", (20,), range(3), spec="")
    assert grid.of([*strict, *killed])[0].rules == {"recent": 2000}
    said = (
        'on adding were stopped or judged by different rules ({"rules": {"recent": 2000}, "stop": "solved"} and '
        '{"rules": {}, "stop": "solved"}), so that no new run is comparable with all of them; leave the task out'
    )
    with pytest.raises(LonglagError, match=re.escape(said)):
        grid.of([*RECORD, *strict])
    assert [cell.rules for cell in grid.of([*RECORD, *strict], lags=[500])] == [{}]
    assert [cell.rules for cell in grid.of([*RECORD, *strict], tasks=["xor"])] == [{}]


def test_tasks_of_different_time_limits_are_not_one_suite():
    cells = grid.of([*RECORD, *rows("temporal_order", "control", (20,), range(3), spec="{}")])
    said = "had different time limits (60 s: adding, xor; no limit: temporal_order), and a suite has one; choose tasks"
    with pytest.raises(LonglagError, match=re.escape(said)):
        grid.suite_of(cells, "compare", ["control"], [])
    for part in (["adding", "xor"], ["temporal_order"]):
        chosen = [cell for cell in cells if cell.task in part]
        assert grid.suite_of(chosen, "compare", ["control"], [])["timeout"] == chosen[0].timeout


def test_the_rows_beside_a_newcomer_are_of_its_tasks():
    cells = grid.of(RECORD, tasks=["adding"])
    assert {(row.task, row.lag) for row in grid.beside(RECORD, cells, part=False)} == {
        ("adding", lag) for lag in (20, 50, 100, 500)
    }
    assert {row.lag for row in grid.beside(RECORD, cells, part=True)} == {20, 50, 100}


def test_the_median_method_is_typical():
    cell = grid.of(RECORD)[0]
    assert grid.typical_passes(RECORD, cell, 50) == 50
    assert grid.typical_passes(RECORD, cell, 7) == cell.budget


def test_the_record_that_comes_with_the_package_has_a_grid():
    record = read_rows(rows_in(resources.find(resources.REFERENCE)))
    cells = grid.of(record)
    assert {cell.task for cell in cells} == {row.task for row in record}
    plan = suite.parse(grid.suite_of(cells, "compare", ["control"], []))
    known = {(row.task, row.lag, row.seed) for row in record}
    assert {(task, lag, seed) for task, _, lag, seed in plan.expected()} <= known
    for cell in grid.of(record, quick=True):
        assert cell.runs() == 1
