"""The finished part of the larger reference: only rows that the suite asks for as it is, and a README that shows them."""

import dataclasses

import pytest

from longlag.design import suite
from longlag.store.curves import read_points
from longlag.store.records import Status, read_rows
from programs import loaded
from test_docs import ROOT


@pytest.fixture(scope="module")
def underway():
    with loaded(ROOT / "docs/underway.py") as module:
        yield module


@pytest.fixture(scope="module")
def plan(underway):
    return suite.read(underway.SUITE)


def test_the_page_is_current(underway, plan):
    found = underway.page(read_rows(underway.ROWS), plan)
    assert (underway.FOLDER / "README.md").read_text("utf-8") == found, "python docs/underway.py"


def test_every_row_is_of_the_suite_as_it_is_now_and_has_its_curve(underway, plan):
    rows = read_rows(underway.ROWS)
    assert underway.asked(rows, plan) == rows, "settings have changed: python docs/underway.py results/underway"
    looked_at = {(p.task, p.method, p.lag, p.seed) for p in read_points(underway.CURVES)}
    trained = {underway.key(row): row for row in rows if row.passes > 0}
    assert looked_at <= trained.keys()
    assert {row.status for run, row in trained.items() if run not in looked_at} <= {Status.DIVERGED}


def test_rows_of_other_settings_are_left_out(underway, plan):
    one, other, *_ = read_rows(underway.ROWS)
    assert underway.asked([dataclasses.replace(one, spec_hash="0" * 16), other], plan) == [other]
    assert underway.asked([other, one, other], plan) == [one, other]


def test_a_row_has_its_own_curve_and_none_of_another_run_of_its_name(underway):
    row = read_rows(underway.ROWS)[0]
    older, others = dataclasses.replace(row, seconds=row.seconds + 1), read_points(underway.CURVES)
    own = [point for point in others if (point.task, point.method, point.lag, point.seed) == underway.key(row)]
    late = dataclasses.replace(own[-1], passes=2 * own[-1].passes)
    assert underway.curves([row], [([older], [*own, late]), ([row], own), ([row], others)]) == own


def test_a_lag_that_no_seed_tried_is_not_called_unsolved(underway):
    one = dataclasses.replace(read_rows(underway.ROWS)[0], status="not_attempted", solved=False)
    tried = dataclasses.replace(one, status="budget", seed=one.seed + 1)
    assert underway.table([one]).splitlines()[-1].endswith("| not tried |")
    assert underway.table([one, tried]).splitlines()[-1].endswith("| 0 of 2 |")


@pytest.mark.parametrize("name", ["reference", "underway", "budget", "far", "fresh", "lstm_lag", "reservoirs"])
def test_no_curve_of_a_record_goes_on_after_its_run(underway, name):
    folder = ROOT / "results" / name
    (runs,) = folder.glob("runs.csv*")
    ends = {underway.key(row): row.passes for row in read_rows(runs)}
    points = read_points(folder / "curves.parquet")
    assert not {of for p in points if p.passes > ends[of := (p.task, p.method, p.lag, p.seed)]}
