"""Blocks trained together: the rows of each alone, whoever ends first, and a search that uses it."""

import time

import pytest
import torch

from longlag import protocol
from longlag.engine import together, tune
from longlag.engine.checkpoint import Checkpoints
from longlag.engine.interrupt import Interrupted, Interruption
from longlag.engine.ladder import Rungs
from longlag.engine.spec import resolve
from longlag.engine.train import train
from longlag.store.records import Point, Row
from test_contracts import lasting
from toy import spec

LATER = time.monotonic() + 3600
RATES = [{"optimiser.learning_rate": rate} for rate in (0.01, 0.1, 0.3)]


def rows_of(events):
    return [lasting(e) for e in events if isinstance(e, Row)]


def test_candidates_trained_together_have_the_rows_of_each_alone():
    """Also where one ends before the others: its place is kept."""
    setups = [resolve(spec("clipping", seeds=(0, 1), block=2, overrides=rate)) for rate in RATES]
    setups.append(resolve(spec("clipping", seeds=(0, 1), block=2, budget=300.0)))
    found = together.train_together(setups, LATER)
    assert [rows_of(events) for events in found] == [rows_of(train(setup)) for setup in setups]
    assert all(len(rows_of(events)) == 2 for events in found)


def test_at_the_deadline_nobody_waits_for_those_that_stopped():
    setups = [resolve(spec("clipping", seeds=(0,), budget=1e9, overrides=rate)) for rate in RATES]
    found = together.train_together(setups, time.monotonic())
    assert all(events and not rows_of(events) for events in found)


def test_a_gradient_that_fails_ends_all_blocks_with_its_reason():
    def fails(params, batch):
        raise ValueError("out of memory")

    all_ = together.Together(fails, 1)
    with pytest.raises(RuntimeError, match=r"the gradient of all candidates failed: .*out of memory") as failed:
        all_.ask(0, {"w": torch.zeros(1)}, together.Tensors(*[torch.zeros(1, 1, 1)] * 3))
    assert isinstance(failed.value.__cause__, ValueError)
    unlike = [resolve(spec("clipping")), resolve(spec("clipping", overrides={"cell.hidden": 5}))]
    with pytest.raises(ValueError, match="one model and one loss"):
        together.train_together(unlike, LATER)


def test_batches_of_several_sizes_are_answered_side_by_side():
    setups = [resolve(spec("clipping", seeds=(0, 1), block=2, overrides={"optimiser.batch": n})) for n in (10, 5, 10)]
    found = together.train_together(setups, LATER)
    assert [rows_of(events) for events in found] == [rows_of(train(setup)) for setup in setups]


@pytest.fixture
def on_a_gpu(monkeypatch):
    """Searches as on a GPU, with the CPU's kernels. Counts the searches."""
    used = []

    def side_by_side(setups, work, driver):
        used.append(len(setups))
        return together.side_by_side(setups, work, driver)

    monkeypatch.setattr(tune, "_shared", together.fit_together)
    monkeypatch.setattr(tune, "side_by_side", side_by_side)
    return used


def test_a_search_on_a_gpu_has_the_candidates_of_one_on_a_cpu(request, tmp_path):
    run_spec = spec("clipping", seeds=(protocol.FIRST_TUNING_SEED, protocol.FIRST_TUNING_SEED + 1), block=2)
    alone = list(tune.search(run_spec, 3, lambda event: None, Rungs(None)))
    used = request.getfixturevalue("on_a_gpu")
    seen, rungs = [], Rungs(tmp_path)
    found = list(tune.search(run_spec, 3, seen.append, rungs, Checkpoints(tmp_path)))
    assert used == [4]
    for one, other in zip(found, alone, strict=True):
        assert one.overrides == other.overrides
        assert [lasting(row) for row in one.rows] == [lasting(row) for row in other.rows]
        assert one.score == other.score
    assert sum(isinstance(event, Row) for event in seen) == 8
    assert any(isinstance(event, Point) for event in seen)
    again = list(tune.search(run_spec, 3, lambda event: pytest.fail("trained again"), rungs))
    assert str([c.rows for c in again]) == str([c.rows for c in found])  # nan is not nan


def test_a_signal_ends_all_candidates_and_they_resume(on_a_gpu, tmp_path):
    run_spec = spec("clipping", seeds=(protocol.FIRST_TUNING_SEED,), budget=3000.0)
    whole = list(tune.search(run_spec, 2, lambda event: None, Rungs(None)))
    stop = Interruption()

    def interrupt(event):
        stop.number = 15

    with pytest.raises(Interrupted):
        list(tune.search(run_spec, 2, interrupt, Rungs(tmp_path), Checkpoints(tmp_path, interruption=stop)))
    resumed = list(tune.search(run_spec, 2, lambda event: None, Rungs(tmp_path), Checkpoints(tmp_path)))
    assert [[lasting(row) for row in c.rows] for c in resumed] == [[lasting(row) for row in c.rows] for c in whole]
    assert any(row.resumed for c in resumed for row in c.rows)


def test_a_search_of_hessian_free_trains_one_candidate_after_the_other(on_a_gpu):
    run_spec = spec("hf", seeds=(protocol.FIRST_TUNING_SEED,))
    assert len(list(tune.search(run_spec, 1, lambda event: None, Rungs(None)))) == 2
    assert not on_a_gpu
