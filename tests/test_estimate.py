"""The estimate: recorded costs for what is known, whole budgets for what is not."""

import pytest

from longlag import cli, suite
from longlag.estimate import PROCESS_SECONDS, estimate
from longlag.records import write_rows
from test_records import a_row

CONFIG = {"suite": "s", "seeds": "0:2", "lags": [20, 50], "budget": 1e6, "seeds_per_job": 2,
          "cells": [{"methods": ["hf"], "tasks": ["adding"]}]}  # fmt: skip


def row(**changes):
    known = {"task": "adding", "method": "hf", "status": "solved", "solved": True, "passes": 5e5, "budget": 1e6,
             "updates": 100, "seconds": 10.0}  # fmt: skip
    return a_row(**(known | changes))


def cost(rows, **changes):
    (found,) = estimate(suite.parse(CONFIG | changes), rows)
    return found


def test_known_runs_cost_what_they_cost():
    found = cost([row(lag=20), row(lag=20, seconds=20.0), row(lag=50, status="budget", solved=False, passes=1e6, seconds=40.0)])
    assert found.seconds == pytest.approx(PROCESS_SECONDS + 2 * 15 + 2 * 40)
    assert (found.guessed, found.jobs, found.runs) == (0, 1, 4)


def test_another_budget_cuts_and_stretches_only_what_it_would():
    rows = [row(lag=20, passes=8e5, seconds=8.0), row(lag=50, status="budget", solved=False, passes=1e6, seconds=40.0)]
    assert cost(rows, budget=4e5).seconds == pytest.approx(PROCESS_SECONDS + 2 * 4 + 2 * 16)
    assert cost(rows, budget=2e6).seconds == pytest.approx(PROCESS_SECONDS + 2 * 8 + 2 * 80)


def test_what_was_not_attempted_costs_nothing():
    rows = [row(lag=20), row(lag=50), row(lag=50, status="not_attempted", passes=0.0, seconds=0.0)]
    assert cost(rows).seconds == pytest.approx(PROCESS_SECONDS + 2 * 10 + 2 * 5)


def test_unknown_runs_are_guessed_in_proportion_to_passes_and_lag():
    found = cost([row(lag=20, passes=5e5, seconds=10.0)])
    assert found.guessed == pytest.approx(2 * 10 * (1e6 / 5e5) * (50 / 20))
    assert cost([row(lag=20, method="lstm")]).seconds == PROCESS_SECONDS


def test_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "s.yaml").write_text("suite: s\ncells: [{methods: [hf], tasks: [adding], lags: [20]}]\n")
    write_rows("costs.csv", [row(lag=20)])
    assert cli.main(["estimate", "s", "--costs", "costs.csv"]) == 0
    shown = capsys.readouterr().out
    assert "hf" in shown
    assert "core-hours, 0% of it guessed" in shown
    assert cli.main(["estimate", "t", "--costs", "costs.csv"]) == 2
    assert cli.main(["estimate", "s", "--costs", "none.csv"]) == 2
