"""The README of the recipes on fresh seeds is that of the committed records."""

import dataclasses

import pytest

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
    found = fresh.table({"before": rows[2:], "now": rows}).splitlines()[2:]
    assert [line.split("|")[3].strip() for line in found] == ["1 of 3", "3 of 5, 300 k"]


def test_no_seed_of_a_recipe_is_run_twice(fresh):
    """One block of five for every recipe as it is now."""
    rows = fresh.recorded()["now"]
    assert {row.seed for row in rows} == {*range(300, 305)}
    assert len({(row.method, row.task, row.lag, row.seed) for row in rows}) == len(rows)
