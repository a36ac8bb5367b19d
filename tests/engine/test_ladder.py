"""The ladder: who climbs, who gives up, and what is kept."""

import dataclasses

import pytest

from longlag import cli, protocol
from longlag.engine import ladder, tune, verify
from longlag.engine import spec as spec_module
from longlag.engine.ladder import Rungs, climb, setups
from longlag.engine.spec import unmeasured_row
from longlag.errors import LonglagError
from longlag.store.records import VOLATILE, Point, Row
from toy import outcome, spec


@pytest.fixture
def trained(monkeypatch):
    """Replaces training by a table: seed 0 solves lags up to 20, seed 1 solves 10 and 40 only, seed 2 nothing."""
    solves = {0: {10, 20}, 1: {10, 40}, 2: set()}
    calls = []

    def attempt(setup, driver):
        task, lag, method = setup.spec.task, setup.spec.lag, setup.spec.method
        for seed in setup.spec.seeds:
            calls.append((lag, seed))
            solved = lag in solves[seed]
            yield Point(task, lag, method, seed, 10.0, 1, 0.5, 0.5, 0.5, 0.0)
            yield unmeasured_row(setup, seed, "now", status="solved" if solved else "budget", reason="", solved=solved)

    monkeypatch.setattr(ladder, "attempt", attempt)
    return calls


def statuses(rungs, lags=(10, 20, 30, 40, 50), seeds=(0, 1, 2)):
    rows = [row for row, _ in climb(setups(spec("control", seeds=seeds), lags), rungs, lambda event: None)]
    return {(row.seed, row.lag): row.status for row in rows}


def test_two_unsolved_lags_in_a_row_end_the_climb(trained):
    found = statuses(Rungs(None))
    assert [found[0, lag] for lag in (10, 20, 30, 40, 50)] == ["solved", "solved", "budget", "budget", "not_attempted"]
    assert [found[1, lag] for lag in (10, 20, 30, 40, 50)] == [
        "solved",
        "budget",
        "budget",
        "not_attempted",
        "not_attempted",
    ]
    assert [found[2, lag] for lag in (10, 20, 30)] == ["budget", "budget", "not_attempted"]
    assert protocol.GIVE_UP_AFTER == 2


def test_a_run_that_spends_its_whole_budget_climbs_on_if_its_test_set_is_solved(monkeypatch):
    def attempt(setup, driver):
        for seed in setup.spec.seeds:
            yield unmeasured_row(setup, seed, "now", status="budget", reason="", test_error=0.005 if seed else 0.5)

    monkeypatch.setattr(ladder, "attempt", attempt)
    for stop, last in (("budget", "budget"), ("solved", "not_attempted")):
        asked = dataclasses.replace(spec("control", seeds=(0, 1)), stop=stop)
        rows = [row for row, _ in climb(setups(asked, (10, 20, 30)), Rungs(None), lambda event: None)]
        assert {row.seed: row.status for row in rows if row.lag == 30} == {0: "not_attempted", 1: last}


def test_finished_rungs_are_reused_and_only_new_ones_trained(trained, tmp_path):
    first = statuses(Rungs(tmp_path), lags=(10, 20), seeds=(0, 1))
    trained.clear()
    assert statuses(Rungs(tmp_path), lags=(10, 20), seeds=(0, 1)) == first
    assert trained == []
    statuses(Rungs(tmp_path), lags=(10, 15, 20), seeds=(0, 1, 2))
    assert trained == [(10, 2), (15, 0), (15, 1), (15, 2)]


def test_curves_are_kept_with_their_rung(trained, tmp_path):
    for _ in range(2):
        rungs = list(climb(setups(spec("control"), [10]), Rungs(tmp_path), lambda event: None))
        assert [(row.lag, [p.passes for p in points]) for row, points in rungs] == [(10, [10.0])]


def test_a_result_comes_before_its_message(trained, tmp_path):
    def message(event):
        if isinstance(event, Row):
            raise OSError("the terminal is gone")

    rungs, rows = Rungs(tmp_path), []
    with pytest.raises(OSError, match="gone"):
        rows.extend(climb(setups(spec("control"), [10]), rungs, message))
    assert [row.status for row, _ in rows] == ["solved"]
    assert list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize("damage", ["", "{", '{"row": {}}', "\x00\x00", '{"row": [], "points": 3}'])
def test_a_damaged_rung_is_trained_again(trained, tmp_path, damage, capsys):
    statuses(Rungs(tmp_path), lags=(10,), seeds=(0,))
    (file,) = tmp_path.rglob("*.json")
    file.write_text(damage)
    trained.clear()
    assert statuses(Rungs(tmp_path), lags=(10,), seeds=(0,)) == {(0, 10): "solved"}
    assert trained == [(10, 0)]
    assert "ignoring the damaged rung" in capsys.readouterr().err


def test_another_setting_is_another_rung(trained, tmp_path):
    statuses(Rungs(tmp_path), lags=(10,), seeds=(0,))
    trained.clear()
    changed = spec("control", overrides={"optimiser.learning_rate": 0.3})
    list(climb(setups(changed, [10]), Rungs(tmp_path), lambda event: None))
    assert trained == [(10, 0)]


def test_a_rung_under_the_name_of_another_seed_is_not_taken(trained, tmp_path):
    statuses(Rungs(tmp_path), lags=(10,), seeds=(0,))
    (file,) = tmp_path.rglob("*.json")
    file.rename(file.with_name(file.name.replace("seed0", "seed1")))
    trained.clear()
    statuses(Rungs(tmp_path), lags=(10,), seeds=(1,))
    assert trained == [(10, 1)]


@pytest.mark.parametrize("status", ["error", "timeout"])
def test_what_another_try_may_mend_is_not_kept(monkeypatch, tmp_path, status):
    def attempt(setup, driver):
        yield unmeasured_row(setup, 0, "now", status=status, reason="why")

    monkeypatch.setattr(ladder, "attempt", attempt)
    assert statuses(Rungs(tmp_path), lags=(10,), seeds=(0,)) == {(0, 10): status}
    assert not list(tmp_path.rglob("*.json"))


def test_a_rung_alone_and_on_the_ladder_are_the_same_run(tmp_path):
    def lasting(row: Row) -> dict:
        return {k: repr(v) for k, v in dataclasses.asdict(row).items() if k not in VOLATILE}

    toy = spec("clipping", "adding")
    rows = {row.lag: row for row, _ in climb(setups(toy, [10, 12]), Rungs(tmp_path), lambda event: None)}
    alone = outcome(dataclasses.replace(toy, lag=12))[1][0]
    assert lasting(rows[12]) == lasting(alone)


@pytest.fixture
def resolved(monkeypatch):
    """The lags at which parts are built, in order: once for every spec that is resolved."""
    calls, built = [], spec_module._built

    def counted(method, task, lag):
        calls.append(lag)
        return built(method, task, lag)

    monkeypatch.setattr(spec_module, "_built", counted)
    return calls


def test_a_ladder_resolves_each_lag_once_whatever_the_seeds(resolved, tmp_path):
    words = ["ladder", "--task", "adding", "--task", "xor", "--method", "constant", "--lags", "12,10", "--seeds", "0:5"]
    words += ["--budget", "100", "--set", "optimiser.sequences=40", "--set", "optimiser.validation=20"]
    assert cli.main([*words, "--out", str(tmp_path / "runs.csv")]) == 0
    assert resolved == [10, 12, 10, 12]


def test_a_search_resolves_each_candidate_once(resolved, monkeypatch):
    monkeypatch.setattr(tune.space, "check", lambda name: None)  # before the search; it builds the parts of every task
    list(tune.search(spec("control", seeds=(0, 1)), 3, lambda event: None, Rungs(None)))
    assert resolved == [10, 10, 10, 10], "the recipe and three"


def test_a_verified_row_resolves_its_spec_once(resolved):
    (row,) = outcome(spec("constant"))[1]
    resolved.clear()
    assert verify.rerun(row).same
    assert resolved == [10]


def test_a_lag_too_small_is_refused_before_a_shorter_task_is_trained(trained):
    with pytest.raises(LonglagError, match="lag 3 is too small"):
        list(climb(setups(spec("control"), [10, 3]), Rungs(None), lambda event: None))
    assert trained == []
