"""Claim 11: initialisation and momentum together beat either alone; and how its records are made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from longlag.engine.spec import RunSpec, resolve, unmeasured_row
from longlag.errors import LonglagError
from longlag.lecture import init_and_momentum
from longlag.lecture.base import Verdict
from longlag.lecture.data import INIT_AND_MOMENTUM
from longlag.lecture.tools import factorial
from longlag.store.records import Point, Status, read_rows, write_rows


def row(problem, corner, seed, passes):
    """A run of a corner that took that many passes; None: it did not solve the task."""
    overrides = {**corner.overrides, factorial.RATE: corner.rates[0]}
    setup = resolve(RunSpec(problem.task, problem.lag, corner.method, (seed,), problem.budget, overrides))
    solved = passes is not None
    status = str(Status.SOLVED if solved else Status.BUDGET)
    known = {"passes_to_solve": float(passes)} if solved else {}
    return unmeasured_row(setup, seed, "", status=status, reason="", solved=solved, **known)


def table(problem, **passes):
    corners = {corner.name: corner for corner in factorial.CORNERS}
    return [
        row(problem, corners[name], seed, value) for name, values in passes.items() for seed, value in enumerate(values)
    ]


def test_corners_are_recognised_by_their_spec():
    problem = factorial.PROBLEMS[0]
    for corner in factorial.CORNERS:
        made = row(problem, corner, 0, None)
        assert factorial.corner_of(made) == corner.name
        assert factorial.rate_of(made) == corner.rates[0]


def test_corners_differ_in_two_factors_only():
    parts = [
        resolve(RunSpec("temporal_order", 30, corner.method, (0,), 1e4, corner.overrides)).parts
        for corner in factorial.CORNERS
    ]
    for part in parts:
        assert part.cell == parts[0].cell
        assert part.centring == parts[0].centring
        assert part.optimiser.clipping == parts[0].optimiser.clipping
        assert part.optimiser.batch == parts[0].optimiser.batch


def test_the_rate_is_chosen_by_validation():
    problem, corner = factorial.PROBLEMS[0], factorial.CORNERS[3]

    def runs(rate, error, loss):
        made = replace(row(problem, corner, 1_000_000, None), best_error=error, test_error=rate, passes=1.0)
        return [(made, [Point("", 1, "", made.seed, 0.0, 0, loss, error, loss, 0.0)])]

    tuning = {rate: runs(rate, 0.1 + abs(rate - 3e-3), 1.0) for rate in corner.rates}
    assert factorial.chosen(tuning) == 3e-3
    assert factorial.chosen({1e-3: runs(1e-3, 0.5, 1.0), 3e-3: runs(3e-3, 0.5, 0.9)}) == 3e-3
    never_measured = [(made, []) for made, _ in runs(1.0, 0.0, 0.0)]
    assert factorial.chosen({1.0: never_measured, 1e-3: runs(1e-3, 0.5, 1.0)}) == 1e-3


def test_the_records_hold_the_search_and_new_seeds(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(factorial, "PROBLEMS", (factorial.Problem("memorization_5bit", 2, 200.0),))
    monkeypatch.setattr(factorial, "CORNERS", [replace(factorial.CORNERS[3], rates=(1e-3, 3e-3))])
    factorial.make(tmp_path / "runs.csv")
    rows = read_rows(tmp_path / "runs.csv")
    assert sorted(made.seed for made in rows) == sorted([*factorial.SEEDS, *factorial.TUNING_SEEDS * 2])
    assert min(factorial.TUNING_SEEDS) >= 1_000_000
    assert len(list((tmp_path / "runs.rungs").rglob("*.json"))) == len(rows)


def test_the_package_holds_records_of_every_corner():
    rows = read_rows(INIT_AND_MOMENTUM)
    for problem in factorial.PROBLEMS:
        found = init_and_momentum.by_corner(rows, problem)
        assert {corner: len(seeds) for corner, seeds in found.items()} == dict.fromkeys(found, len(factorial.SEEDS))


def test_t_quantiles():
    for freedom, value in {1: 12.7062, 4: 2.7764, 30: 2.0423}.items():
        assert init_and_momentum.t_quantile(freedom) == pytest.approx(value, abs=2e-3)


def test_effects_and_interaction_by_hand():
    shares = {
        "neither": {1: 1.0, 2: 1.0},
        "init": {1: 0.9, 2: 0.8},
        "momentum": {1: 0.7, 2: 0.7},
        "both": {1: 0.2, 2: 0.3},
    }
    found = init_and_momentum.effects(shares)
    np.testing.assert_allclose(found["init alone less both"], [0.7, 0.5])
    np.testing.assert_allclose(found["momentum alone less both"], [0.5, 0.4])
    np.testing.assert_allclose(found["interaction"], [0.4, 0.2])


WON = {"neither": [None] * 3, "init": [None] * 3, "momentum": [9e4, 8e4, None], "both": [1e4, 2e4, 3e4]}
LOST = WON | {"momentum": [1e4, 2e4, 4e4]}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (WON, WON, Verdict.HOLDS),
        (WON, LOST, Verdict.CAVEAT),
        (LOST, LOST, Verdict.FAILS),
        (WON, {}, Verdict.CAVEAT),  # a task without records
        (WON | {"both": [None] * 3}, {}, Verdict.FAILS),
    ],
)
def test_the_verdict_is_on_records(tmp_path: Path, draw, first, second, expected):
    one, two = factorial.PROBLEMS
    write_rows(tmp_path / "runs.csv", [*table(one, **first), *table(two, **second)])
    small = factorial.Problem("memorization_5bit", 2, 200.0)
    finding = init_and_momentum.measure([0], tmp_path / "runs.csv", small)
    assert finding.verdict == expected
    draw("init_and_momentum", finding, smallest=6.5)


def test_tuning_rows_are_not_judged():
    problem = factorial.PROBLEMS[0]
    rows = [row(problem, factorial.CORNERS[0], 1_000_000, 1e4)]
    assert not init_and_momentum.by_corner(rows, problem)["neither"]


def test_records_without_a_corner_are_said_to_be_missing(tmp_path: Path):
    write_rows(tmp_path / "runs.csv", table(factorial.PROBLEMS[0], **{**WON, "both": []}))
    with pytest.raises(LonglagError, match="four corners"):
        init_and_momentum.measure([0], tmp_path / "runs.csv")
