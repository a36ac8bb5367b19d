"""Claim 11: initialisation and momentum together beat either alone; and how its records are made."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from longlag.engine.spec import unmeasured_row
from longlag.errors import LonglagError
from longlag.inits.gaussian import Gaussian
from longlag.inits.sparse import SparseSpectral
from longlag.lecture import init_and_momentum
from longlag.lecture.data import INIT_AND_MOMENTUM
from longlag.lecture.tools import factorial
from longlag.lecture.tools.numbers import Verdict
from longlag.optimisers.schedules import Constant
from longlag.rng import stream
from longlag.store.records import Point, Status, read_rows, write_rows


def test_the_records_say_what_they_cost():
    minutes = sum(found.seconds for found in read_rows(INIT_AND_MOMENTUM)) / 60
    assert f"{minutes:.0f} minutes of one core" in " ".join(factorial.__doc__.split())


def row(problem, corner, seed, passes, rate=None, error=0.5):
    """A run of a corner that took that many passes; None: it did not solve the task."""
    setup = factorial.pinned(problem, corner, rate or corner.rates[2], (seed,))
    solved = passes is not None
    status = str(Status.SOLVED if solved else Status.BUDGET)
    known = {"passes_to_solve": float(passes)} if solved else {}
    return unmeasured_row(setup, seed, "", status=status, reason="", solved=solved, best_error=error, **known)


def table(problem, schedule="0.9", **shares):
    """Rows of the four corners with that schedule: the seeds of the records, and one tuning seed each."""
    rows = []
    for corner in factorial.CORNERS:
        if corner.momentum in ("none", schedule) and shares.get(corner.kind):
            values = [share and share * problem.budget for share in shares[corner.kind]]
            rows += [row(problem, corner, seed, values[k % len(values)]) for k, seed in enumerate(factorial.SEEDS)]
            rows.append(row(problem, corner, factorial.TUNING_SEEDS[0], None, error=0.2))
    return rows


def test_corners_are_recognised_by_their_name_and_say_their_rate():
    problem = factorial.PROBLEMS[0]
    for corner in factorial.CORNERS:
        made = row(problem, corner, 0, None)
        assert factorial.corner_of(made) == corner
        assert factorial.rate_of(made) == corner.rates[2]
    assert len({corner.name for corner in factorial.CORNERS}) == 8


def test_corners_differ_in_two_factors_only():
    parts = [factorial.pinned(factorial.PROBLEMS[0], corner, 0.1, (0,)).parts for corner in factorial.CORNERS]
    for part, corner in zip(parts, factorial.CORNERS, strict=True):
        other = replace(part, init=parts[0].init, optimiser=replace(part.optimiser, momentum=Constant(0.0)))
        assert other == parts[0]
        assert part.init == (SparseSpectral(1.1, 15, 0.1, 0.1) if corner.careful else Gaussian())


def test_a_spec_says_what_was_run_whatever_the_recipe_of_the_method():
    problem, corner = factorial.PROBLEMS[1], factorial.CORNERS[-1]
    setup = factorial.pinned(problem, corner, 0.01, (7,))
    said = json.loads(setup.spec_json)["method"]
    assert said["parts"]["optimiser"]["momentum"] == {
        "part": "WarmMomentum",
        "late": 0.98,
        "early": 0.9,
        "updates": 1000,
    }
    assert said["parts"]["init"]["input_scale"] == 0.05
    assert setup.spec_hash == factorial.pinned(problem, corner, 0.01, (8,)).spec_hash
    assert setup.spec_hash != factorial.pinned(problem, corner, 0.02, (7,)).spec_hash


def test_grids_hold_the_same_effective_steps_and_grow_beyond_an_edge(monkeypatch):
    for corner in factorial.CORNERS:
        _, shorter = factorial.MOMENTA[corner.momentum]
        np.testing.assert_allclose(np.array(corner.rates) / shorter, [1e-2, 3e-2, 1e-1, 3e-1, 1.0], rtol=1e-2)
    problem, corner = factorial.PROBLEMS[0], factorial.CORNERS[0]
    monkeypatch.setattr(
        factorial,
        "train",
        lambda problem, corner, rate, seeds, cache: [
            (
                row(problem, corner, 1_000_000, None, rate, error=abs(np.log(rate / 5.0))),
                [Point("", 1, "", 1_000_000, 0.0, 0, 1.0, 1.0, 1.0, 0.0)],
            )
        ],
    )
    tried = factorial.searched(problem, corner, None)
    assert list(tried) == [*corner.rates, 3.0, 9.0], "until the best rate lies inside"
    assert factorial.chosen(tried) == 3.0


def test_the_rate_is_chosen_by_validation():
    problem, corner = factorial.PROBLEMS[0], factorial.CORNERS[3]

    def runs(rate, error, loss):
        made = replace(row(problem, corner, 1_000_000, None, error=error), test_error=rate, passes=1.0)
        return [(made, [Point("", 1, "", made.seed, 0.0, 0, loss, error, loss, 0.0)])]

    tuning = {rate: runs(rate, 0.1 + abs(rate - 3e-3), 1.0) for rate in corner.rates}
    assert factorial.chosen(tuning) == 3e-3
    assert factorial.chosen({1e-3: runs(1e-3, 0.5, 1.0), 3e-3: runs(3e-3, 0.5, 0.9)}) == 3e-3


def test_the_records_hold_the_search_and_new_seeds_and_keep_other_rows(tmp_path: Path, monkeypatch):
    small, other = factorial.Problem("memorization_20bit", 3, 200.0), factorial.Problem("memorization_5bit", 3, 200.0)
    monkeypatch.setattr(factorial, "PROBLEMS", (small, other))
    monkeypatch.setattr(factorial, "CORNERS", factorial.CORNERS[:1])
    monkeypatch.setattr(factorial, "SEEDS", (10, 11))
    monkeypatch.setattr(
        factorial,
        "searched",
        lambda problem, corner, cache: {
            rate: factorial.train(problem, corner, rate, factorial.TUNING_SEEDS, cache) for rate in (1e-3, 3e-3)
        },
    )
    kept = row(other, factorial.CORNERS[0], 3, None)
    write_rows(tmp_path / "runs.csv", [kept])
    factorial.make(tmp_path / "runs.csv", ("memorization_20bit",))
    rows = read_rows(tmp_path / "runs.csv")
    assert [made.seed for made in rows if made.task == "memorization_5bit"] == [3]
    assert sorted(made.seed for made in rows if made.task == "memorization_20bit") == [
        10,
        11,
        *[1_000_000] * 2,
        *[1_000_001] * 2,
    ]
    assert len(list((tmp_path / "runs.rungs").rglob("*.json"))) == 6
    monkeypatch.setattr(factorial, "searched", None)  # a corner on record is not run again
    factorial.make(tmp_path / "runs.csv", ("memorization_20bit",))
    assert read_rows(tmp_path / "runs.csv") == rows


def test_a_corner_is_on_record_if_today_it_would_be_the_same_runs():
    problem, corner = factorial.PROBLEMS[0], factorial.CORNERS[0]
    rows = [row(problem, corner, seed, None) for seed in factorial.SEEDS]
    assert factorial.is_recorded(problem, corner, rows)
    assert not factorial.is_recorded(problem, corner, rows[1:])
    assert not factorial.is_recorded(problem, corner, [])
    assert not factorial.is_recorded(problem, corner, [*rows[1:], replace(rows[0], spec_hash="0" * 16)])


def test_every_row_of_the_package_would_be_the_same_run_today():
    """The commit that made them is on no branch; the digest of a spec covers every number and every version."""
    rows = read_rows(INIT_AND_MOMENTUM)
    by_corner = {}
    for made in rows:
        by_corner.setdefault((made.task, made.method), []).append(made)
    problems = {problem.task: problem for problem in factorial.PROBLEMS}
    assert all(factorial.is_recorded(problems[task], factorial.corner_of(each[0]), each)
               for (task, _), each in by_corner.items())  # fmt: skip


def test_what_each_factor_saves_is_what_pandas_and_scipy_find_in_the_file():
    """The second way: the file as a table, corners by the names that the figure gives them, and scipy's interval."""
    rows = read_rows(INIT_AND_MOMENTUM)
    live = {kind: {0: 1.0} for kind in factorial.KINDS}
    finding = init_and_momentum.judge({p: init_and_momentum.recorded(rows, p) for p in factorial.PROBLEMS}, live)
    table = pd.read_csv(INIT_AND_MOMENTUM)
    table = table[table.seed < 1000]
    table["spent"] = (table.passes_to_solve / table.budget).where(table.solved, 1.0)
    numbers = {number.name: number for number in finding.numbers}
    for problem in factorial.PROBLEMS:
        spent, solved = {}, {}
        for kind, momentum in finding.series["schedules"][problem.name].items():
            name = f"lecture-{kind}" + (
                "" if momentum == "none" else f"-{momentum.replace(', then ', '-then-').replace('.', '_')}"
            )
            own = table[(table.task == problem.task) & (table.method == name)].set_index("seed")
            spent[kind], solved[kind] = own.spent, own.solved
        for better, worse, words in (
            ("init", "neither", "saved by the start alone"),
            ("momentum", "neither", "saved by momentum alone"),
            ("both", "init", "saved by both over the start alone"),
            ("both", "momentum", "saved by both over momentum alone"),
        ):
            saved, number = spent[worse] - spent[better], numbers[f"{problem.name}: {words}"]
            assert number.value == pytest.approx(saved.mean())
            if saved.std() > 0:
                low, high = stats.ttest_1samp(saved, 0).confidence_interval(0.95)
                assert (number.low, number.high) == pytest.approx((low, high), abs=1e-3)
        solving = numbers[f"{problem.name}: nets that solve it, both"]
        assert solving.value == solved["both"].mean()
        assert solving.interval == "95 % Wilson interval"


def test_the_rows_of_the_package_are_of_corners_and_of_the_reported_seeds():
    rows = read_rows(INIT_AND_MOMENTUM)
    assert rows
    assert all(factorial.corner_of(made) for made in rows)
    assert {made.seed for made in rows} <= {*factorial.SEEDS, *factorial.TUNING_SEEDS}
    assert {(made.task, made.lag, made.budget) for made in rows} <= {
        (p.task, p.lag, p.budget) for p in factorial.PROBLEMS
    }


def test_t_quantiles():
    for freedom in (1, 4, 9, 30):
        assert init_and_momentum.t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=2e-3)


def test_effects_and_interaction_by_hand():
    shares = {
        "neither": {1: 1.0, 2: 1.0},
        "init": {1: 0.9, 2: 0.8},
        "momentum": {1: 0.7, 2: 0.7},
        "both": {1: 0.2, 2: 0.3},
    }
    found = init_and_momentum.effects(shares)
    np.testing.assert_allclose(found["saved by the start alone"], [0.1, 0.2])
    np.testing.assert_allclose(found["saved by momentum alone"], [0.3, 0.3])
    np.testing.assert_allclose(found["saved by both over the start alone"], [0.7, 0.5])
    np.testing.assert_allclose(found["saved by both over momentum alone"], [0.5, 0.4])
    np.testing.assert_allclose(found["interaction"], [0.4, 0.2])


def test_the_interval_is_that_of_the_textbook_and_decides_where_it_does_not_hold_zero():
    values = stream(3, "test").normal(0.1, 0.05, 10)
    found = init_and_momentum.estimated("x", values, True)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)
    assert found.met is True
    assert init_and_momentum.estimated("x", -values, True).met is False
    assert init_and_momentum.estimated("x", values - values.mean(), True).undecided


def test_how_many_nets_would_narrow_an_interval_to_its_middle():
    values = stream(5, "test").normal(0.0, 1.0, 10)
    number = init_and_momentum.estimated("x", (values - values.mean()) / values.std(ddof=1) + 0.2, True)
    assert number.undecided
    needed = init_and_momentum.nets_needed(number, 10)
    half = stats.t.ppf(0.975, 9) / np.sqrt(10)  # of a standard deviation of 1, at ten nets
    assert needed == pytest.approx(10 * (half / 0.2) ** 2, abs=1)
    assert init_and_momentum.nets_needed(replace(number, value=0.4, low=-0.4, high=1.2), 10) == 40


WON = {"neither": [None, None, 0.9], "init": [0.7, 0.75], "momentum": [0.6, 0.65], "both": [0.2, 0.3]}
WORSE = WON | {"both": [None]}
OPEN = WON | {"both": [0.1, None, None, 0.2]}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (WON, WON, Verdict.CAVEAT),  # two schedules are not run
        (WON, WORSE, Verdict.CAVEAT),
        (WORSE, WORSE, Verdict.FAILS),
        (OPEN, OPEN, Verdict.UNDECIDED),
        (WON, {}, Verdict.CAVEAT),
        ({}, {}, Verdict.UNDECIDED),
    ],
)
def test_the_verdict_is_on_records(tmp_path: Path, draw, first, second, expected):
    one, two = factorial.PROBLEMS
    write_rows(tmp_path / "runs.csv", [*table(one, **first), *table(two, **second)])
    small = factorial.Problem("memorization_5bit", 2, 200.0)
    finding = init_and_momentum.measure([0], tmp_path / "runs.csv", small)
    assert finding.verdict == expected
    assert ("yes for temporal order, lag 50 (budget spent: neither " in finding.plain.lower()) == (first is WON)
    assert ("5-bit memory, lag 100 is not run" in finding.caveat) == (not second)
    assert "init" not in " ".join([finding.plain, *(number.name for number in finding.numbers)]), (
        "the figure says start"
    )
    assert ("count as the whole budget" in finding.caveat) == (OPEN in (first, second)), "where an effect is undecided"
    assert (" confidence intervals contain 0 (10 nets each)." in finding.plain) == (first is OPEN)
    draw("init_and_momentum", finding, smallest=6.5)


def test_a_corner_with_momentum_has_the_schedule_that_did_best_on_the_tuning_seeds():
    problem = factorial.PROBLEMS[0]
    better = [replace(made, best_error=0.1) if made.seed >= 1_000_000 else made
              for made in table(problem, "0.98", **WON) if "0_98" in made.method]  # fmt: skip
    found = init_and_momentum.recorded([*table(problem, **WON), *better], problem)
    assert init_and_momentum.chosen(found)["both"].corner.momentum == "0.98"


def test_a_run_that_is_solved_by_its_last_pass_is_solved():
    problem = factorial.PROBLEMS[0]
    last = WON | {"neither": [1.0, 1.0, None, 1.0, 1.0]}
    found = init_and_momentum.recorded(table(problem, **last), problem)
    finding = init_and_momentum.judge({problem: found}, {kind: {0: 1.0} for kind in factorial.KINDS})
    assert {n.name: n.value for n in finding.numbers}[f"{problem.name}: nets that solve it, neither"] == 0.8
    assert finding.series["solved"][problem.name]["neither"].count(False) == 2


def test_a_schedule_that_would_have_decided_is_named():
    problem = factorial.PROBLEMS[0]
    open_ = WON | {"both": [0.1, None, None, 0.2]}
    better = [replace(made, best_error=0.1) if made.seed >= 1_000_000 else made
              for made in table(problem, "0.98", **open_) if "0_98" in made.method]  # fmt: skip
    found = init_and_momentum.recorded([*table(problem, **WON), *better], problem)
    finding = init_and_momentum.judge({problem: found}, {kind: {0: 1.0} for kind in factorial.KINDS})
    assert "with the momentum 0.9 at both starts, start and momentum together beat either alone" in finding.caveat
    won = init_and_momentum.recorded(table(problem, **WON), problem)
    assert (
        "at both starts" not in init_and_momentum.judge({problem: won}, {k: {0: 1.0} for k in factorial.KINDS}).caveat
    )


def test_an_incomplete_corner_is_not_judged():
    problem = factorial.PROBLEMS[0]
    assert init_and_momentum.recorded(table(problem, **WON)[1:], problem)[0].corner.kind != "neither"


def test_a_task_that_the_claim_does_not_have_is_refused(tmp_path):
    with pytest.raises(LonglagError, match="unknown task of this claim 'temporal_orde'; did you mean 'temporal_order'"):
        factorial.make(tmp_path / "out.csv", ["temporal_orde"])
    assert not [*tmp_path.iterdir()]
