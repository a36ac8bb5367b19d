"""Runs that no machine can hold are refused in a line that says what they take, before anything is built."""

import tracemalloc

import pytest

from longlag import cli, registry
from longlag.engine import memory_limit
from longlag.engine.spec import RunSpec, resolve, resolve_elsewhere
from longlag.errors import LonglagError
from toy import spec

HUGE = {
    "lag": {"lag": 10**9},
    "longest lag": {"lag": 10**12},
    "units": {"overrides": {"cell.hidden": 10_000_000}},
    "batch": {"overrides": {"optimiser.batch": 10**9}},
}


@pytest.mark.parametrize("change", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize("method", ["control", "lstm", "momentum_plain_init"])
def test_what_fits_no_memory_is_refused_before_anything_is_built(method, change):
    one = RunSpec("adding", **{"lag": 20, **change}, method=method, seeds=(0,))
    tracemalloc.start()
    try:
        with pytest.raises(LonglagError, match=r"takes at least [\d,.]+ GiB of memory .*; this machine has [\d.]+ GiB"):
            resolve(one)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()
    assert resolve_elsewhere(one).spec_hash, "another machine may have more"


def test_the_estimate_is_a_lower_bound(monkeypatch):
    """Of what is drawn for one evaluation and one batch, and of the parameters."""
    setup = resolve(spec("clipping", "adding", lag=100, overrides={"cell.hidden": 50, "optimiser.batch": 2000}))
    weights = 50 * (2 + 50 + 1 + 1) + 1
    inputs = 2000 * setup.task.steps(100) * 2
    least = 12 * weights + 4 * inputs
    arguments = setup.task, 100, setup.model, setup.parts.optimiser
    monkeypatch.setattr(memory_limit, "available", lambda: least)
    memory_limit.check(*arguments)
    monkeypatch.setattr(memory_limit, "available", lambda: least - 1)
    with pytest.raises(LonglagError, match=f"{weights:,} parameters and 2,000 sequences"):
        memory_limit.check(*arguments)


@pytest.mark.parametrize("task", registry.names("tasks"))
@pytest.mark.parametrize("method", ["esn", "hf"])
def test_the_longest_lag_of_the_suites_fits_a_small_machine(task, method, monkeypatch):
    monkeypatch.setattr(memory_limit, "available", lambda: 2**32)
    resolve(RunSpec(task, 2000, method, (0,)))


def test_the_batch_of_an_optimiser_inside_another_counts(monkeypatch):
    monkeypatch.setattr(memory_limit, "available", lambda: 2**26)
    resolve(spec("omega", lag=20))
    with pytest.raises(LonglagError, match=r"10,000,000 sequences of 20 steps"):
        resolve(spec("omega", lag=20, overrides={"optimiser.base.batch": 10_000_000}))


def test_the_longest_lag_that_is_tested_counts(monkeypatch):
    monkeypatch.setattr(memory_limit, "available", lambda: 2**22)
    resolve(spec("omega", lag=20, rules={"test_lags": [30]}))
    with pytest.raises(LonglagError, match="at lag 2000 takes at least"):
        resolve(spec("omega", lag=20, rules={"test_lags": [2000]}))


@pytest.mark.parametrize("text", ["max", "1048576", None])
def test_a_limit_of_the_container_counts(tmp_path, monkeypatch, text):
    monkeypatch.setattr(memory_limit, "_CGROUP", tmp_path / "memory.max")
    if text:
        (tmp_path / "memory.max").write_text(f"{text}\n")
    assert (memory_limit.available() == 1048576) == (text == "1048576")
    assert memory_limit.available() > 0


DIGITS = "9" * 400
WORDS = ["--task", "adding", "--method", "control", "--out", "runs.csv"]
LARGE = {
    "lag": ["train", *WORDS, "--lag", DIGITS],
    "lag of thousands of digits": ["train", *WORDS, "--lag", "9" * 5000],
    "lags": ["ladder", *WORDS, "--lags", f"10,{DIGITS}"],
    "budget": ["train", *WORDS, "--lag", "10", "--budget", DIGITS],
    "larger budget": ["train", *WORDS, "--lag", "10", "--budget", "1e200"],
    "timeout": ["train", *WORDS, "--lag", "10", "--timeout", DIGITS],
    "setting": ["train", *WORDS, "--lag", "10", "--set", f"optimiser.learning_rate={DIGITS}"],
    "units": ["train", *WORDS, "--lag", "10", "--set", f"cell.hidden={DIGITS}"],
    "units of thousands of digits": ["train", *WORDS, "--lag", "10", "--set", f"cell.hidden={'9' * 5000}"],
    "thousands of brackets": ["train", *WORDS, "--lag", "10", "--set", f"cell.hidden={'[' * 5000}"],
    "seeds": ["train", *WORDS, "--lag", "10", "--seeds", f"0:{DIGITS}"],
    "candidates": ["tune", *WORDS, "--lag", "10", "--candidates", DIGITS],
    "cores": ["estimate", "demo", "--cores", DIGITS],
    "a show": ["show", "esn", "--lag", DIGITS],
}


@pytest.mark.parametrize("words", LARGE.values(), ids=LARGE)
def test_numbers_of_hundreds_of_digits_are_refused_in_a_short_line(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert len(line) < 300
    assert not [*tmp_path.iterdir()]


def test_a_budget_that_is_a_whole_number_of_many_digits():
    with pytest.raises(LonglagError, match="budget a number of more than 30 digits is not a positive number"):
        resolve(RunSpec("adding", 20, "control", (0,), budget=10**400))
