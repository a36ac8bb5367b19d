"""The engine: stopping, budgets, the evaluation grid, statuses, and the one look at the test set."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from longlag import protocol
from longlag.errors import LonglagError
from longlag.records import Row
from longlag.train import Block, attempt, prepare
from toy import outcome, spec


def test_grid_is_fixed_and_does_not_depend_on_the_budget():
    looks, passes = [], 0.0
    while passes < 100_000:
        passes = protocol.next_look(passes)
        looks.append(passes)
    assert looks == [1000, 3000, 10_000, 30_000, 60_000, 90_000, 120_000]
    short, long = (outcome(spec("control", budget=budget))[0] for budget in (3000.0, 4500.0))
    assert [(p.passes, p.error) for p in short[:2]] == [(p.passes, p.error) for p in long[:2]]


def test_solved_is_confirmed_and_then_judged_once_on_test_data():
    points, (row,) = outcome(spec("esn", lag=20, budget=1e4, overrides={"cell.hidden": 60, "optimiser.sequences": 500}))
    assert row.status == "solved"
    assert row.test_error <= protocol.CRITERION
    assert row.passes_to_solve == row.passes == points[-1].passes
    assert row.evaluation_passes == protocol.MONITOR + protocol.CONFIRM + protocol.TEST


def test_a_verdict_that_fails_the_test_set_is_not_solved(monkeypatch):
    block = Block(prepare(spec("control")), (0,))
    scores = {"confirm 1": 0.0, "monitor": 0.0, "test": 0.02}
    array = np.zeros(1)

    def scored(purpose, n, who):
        return array + scores[purpose], array, array

    monkeypatch.setattr(block, "_evaluate", scored)
    with torch.no_grad():
        rows = [event for event in block.train() if isinstance(event, Row)]
    assert [row.status for row in rows] == ["budget"]
    assert "2.00% of the test set wrong" in rows[0].reason
    assert math.isnan(rows[0].passes_to_solve)


def test_what_overshoots_the_budget_is_not_solved():
    over = spec("esn", lag=20, budget=100.0, overrides={"cell.hidden": 60, "optimiser.sequences": 500})
    _, (row,) = outcome(over)
    assert row.test_error <= protocol.CRITERION
    assert (row.solved, row.status) == (False, "budget")
    assert row.passes > row.budget


def test_divergence_is_a_status():
    _, (row,) = outcome(spec("control", "adding", overrides={"optimiser.learning_rate": 1e20}, budget=5000.0))
    assert row.status == "diverged"
    assert not row.solved
    assert math.isnan(row.test_error)


def test_timeout_is_a_status():
    _, (row,) = outcome(spec("control", budget=1e9, timeout=0.2))
    assert row.status == "timeout"
    assert row.wall_seconds >= 0.2


def test_a_bug_ends_its_seed_with_a_row_and_the_others_go_on(monkeypatch, capsys):
    draw = Block._draw

    def faulty(self, n, purpose="train"):
        if self.seeds == (1,) and self.drawn > 3:
            raise ZeroDivisionError("a bug")
        return draw(self, n, purpose)

    monkeypatch.setattr(Block, "_draw", faulty)
    rows = [event for event in attempt(spec("control", seeds=(0, 1, 2))) if isinstance(event, Row)]
    assert [(row.seed, row.status) for row in rows] == [(0, "budget"), (1, "error"), (2, "budget")]
    assert rows[1].reason == "ZeroDivisionError: a bug"
    assert "Traceback" in capsys.readouterr().err


def test_a_finished_replica_is_a_fixed_point():
    setup = prepare(spec("clipping", seeds=(0, 1), block=2, budget=2500.0))
    with torch.no_grad():
        block = Block(setup, (0, 1))
        events = block.train()
        next(events)
        before = {name: value[0].clone() for name, value in block.params.items()}
        passes = block.meter.passes.clone()
        block.active[0] = False
        list(events)
    assert all(torch.equal(before[name], block.params[name][0]) for name in before)
    assert block.meter.passes[0] == passes[0]
    assert block.meter.passes[1] > passes[1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "hff"}, "unknown method 'hff'; did you mean 'hf'"),
        ({"task": "ading"}, "unknown task 'ading'; did you mean 'adding'"),
        ({"lag": 3}, "lag 3 is too small for task 'temporal_order'"),
        ({"budget": 0.0}, "budget 0.0 is not a positive number"),
        ({"budget": float("nan")}, "budget nan is not a positive number"),
        ({"overrides": {"optimiser.learning_rat": 1}}, "did you mean 'optimiser.learning_rate'"),
        ({"overrides": {"optimiser.learning_rate": "fast"}}, "cannot be 'fast'"),
        ({"device": "abacus"}, "device 'abacus' cannot be used here"),
    ],
)
def test_bad_input_is_refused_before_anything_is_trained(changes, message):
    with pytest.raises(LonglagError, match=message):
        prepare(dataclasses.replace(spec("control"), **changes))
