"""The README of the recipes on fresh seeds is that of the committed records."""

import dataclasses
from collections import Counter

import pytest

from longlag.design import suite, tuned
from programs import loaded
from test_docs import ROOT


@pytest.fixture(scope="module")
def fresh():
    with loaded(ROOT / "docs/fresh.py") as module:
        yield module


def test_the_page_is_current(fresh):
    assert (fresh.FOLDER / "README.md").read_text("utf-8") == fresh.page(fresh.recorded()), "python docs/fresh.py"


def test_a_median_counts_unsolved_seeds_as_later_than_all_others(fresh):
    row = next(row for row in fresh.recorded()["now"] if row.solved)
    times = [1e5, 3e5, 2e5, None, None]
    rows = [
        dataclasses.replace(row, seed=seed, solved=time is not None, passes_to_solve=time or float("nan"))
        for seed, time in enumerate(times)
    ]
    found = fresh.table({"before": rows[2:], "now": rows}, [(row.task, row.lag)]).splitlines()[2:]
    assert [line.split("|")[3].strip() for line in found] == ["1 of 3", "3 of 5, 300 k"]


def test_no_seed_of_a_recipe_is_run_twice(fresh):
    """One block of five for every recipe as it is now, and another where the final has replaced its setting."""
    for name, seeds in (("now", range(300, 305)), ("final", range(325, 330))):
        rows = fresh.recorded()[name]
        assert {row.seed for row in rows} == {*seeds}
        assert len({(row.method, row.task, row.lag, row.seed) for row in rows}) == len(rows)


def test_the_last_suite_asks_for_all_settings_that_the_final_replaced_and_for_no_other(fresh):
    """Of the conditions of the first one; the tasks that it adds are those that no search has seen."""
    first, final = (tuned.read(path)["methods"] for path in (ROOT / "config/tuned/tuning.yaml", fresh.FINAL_TUNED))

    def chosen(of, method, task):
        return of[method]["tasks"].get(task, of[method]["one"])

    before, last = (
        {(j.method, task, lag) for j in suite.read(path).jobs for task in j.tasks for lag in j.lags}
        for path in (fresh.SUITE, fresh.LAST)
    )
    replaced = {key for key in before if chosen(first, *key[:2]) != chosen(final, *key[:2])}
    assert last & before == replaced
    searched = {task for method in final.values() for task in method["tasks"]}
    assert not {task for _, task, _ in last - before} & (searched | {task for _, task, _ in before})


def test_only_whole_conditions_are_recorded(fresh):
    found = Counter((row.method, row.task, row.lag) for row in fresh.recorded()["final"])
    assert {*found.values()} == {5}
