"""The comparison with reservoirpy: both sides solve the problem, and the page shows the measured table."""

import csv
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks/ is no part of the package

from benchmarks import estimators, free_runs, worker

sys.path.append(str(worker.PEERS))
WITH_PEER = pytest.mark.skipif(find_spec("reservoirpy") is None, reason="`make bench-peers` installs reservoirpy")


@pytest.mark.filterwarnings("ignore")  # the peer warns of numpy
@pytest.mark.parametrize("side", ["ours_series", pytest.param("peer_series", marks=WITH_PEER)])
def test_both_sides_continue_the_series(side, monkeypatch):
    for name, value in {"TRAINED": 600, "TESTED": 200, "PLACES": 2, "AHEAD": 20}.items():
        monkeypatch.setattr(estimators, name, value)
    monkeypatch.setitem(estimators.SERIES, "units", 100)
    answer = getattr(estimators, side)(seed=0)
    assert answer["error of the next value"] < 0.01
    assert answer["error after 20 free steps"] < 0.2
    assert set(answer) > {"fit", "free runs"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("side", ["ours_digits", pytest.param("peer_digits", marks=WITH_PEER)])
def test_both_sides_read_digits(side, monkeypatch):
    monkeypatch.setitem(estimators.IMAGES, "units", 60)
    assert getattr(estimators, side)(seed=0)["share wrong"] < 0.25


def test_the_page_shows_the_measured_table():
    page = estimators.PAGE.read_text()
    with open(estimators.OUT, newline="") as file:
        rows = list(csv.DictReader(file))
    assert estimators.table(rows) in page
    assert estimators.with_table(page, rows) == page


def test_ratios_are_medians_of_pairs():
    seconds = {"ours": [1.0, 2.0, 4.0], "peer": [3.0, 2.0, 20.0]}

    def ask(call, seed):
        if seed == 3:  # the first call, not counted
            return {"fit": 1e9}
        return {"fit": seconds["ours" if "ours" in call else "peer"][seed]}

    row = estimators.measure(ask, 3)[0]
    assert (row["ours"], row["reservoirpy"], row["ratio"]) == ("2", "3", "3")


def test_the_page_shows_what_was_measured_of_free_runs():
    page, found = free_runs.PAGE.read_text(), free_runs.read()
    assert [row["case"] for row in found] == [case.name for case in free_runs.CASES]
    assert free_runs.table(found) in page
    assert free_runs.with_table(page, found) == page


def test_a_free_run_is_measured(monkeypatch):
    for name, value in {"SEEDS": 3, "TRAINED": 600, "PLACES": (700, 900), "STEPS": 90}.items():
        monkeypatch.setattr(free_runs, name, value)
    error, stays = free_runs.measured(free_runs.Case({"units": 150}))
    assert error < 0.2
    assert stays == 1
    assert free_runs.measured(free_runs.Case({"units": 150, "penalty": 1e6}))[0] > 0.3  # the mean of the series
