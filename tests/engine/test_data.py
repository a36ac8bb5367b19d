"""The data of a run: what a seed starts from and draws, for the engine, the lecture, benchmarks and notebooks alike."""

import json
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest
import torch

from longlag import registry, tasks
from longlag.engine.data import CONFIRM, INIT, MONITOR, RESERVED, TEST, Data, Draws, confirmation
from longlag.engine.spec import resolve
from longlag.errors import LonglagError
from longlag.objective import Meter
from longlag.rng import stream
from toy import spec


def data(method="clipping", task="adding", seeds=(0,), **changes):
    return Data(resolve(spec(method, task, seeds=seeds, **changes)), tuple(seeds))


@pytest.mark.parametrize("purpose", [*RESERVED, confirmation(1)])
def test_an_optimiser_cannot_draw_the_engines_data(purpose):
    with pytest.raises(ValueError, match="the engine's"):
        Draws(data())(10, purpose)


def test_a_seed_starts_and_draws_alike_alone_and_in_a_block():
    together = data(seeds=(3, 1, 2))
    for r, seed in enumerate((3, 1, 2)):
        alone = data(seeds=(seed,))
        for name, leaf in alone.start().items():
            assert torch.equal(leaf[0], together.start()[name][r])
        for purpose in ("train", MONITOR, TEST):
            for part in ("x", "start", "y"):
                mine, ours = (getattr(one.batch(purpose, 2, 5), part) for one in (alone, together))
                assert torch.equal(mine[0], ours[r])


def test_replicas_may_draw_from_purposes_of_their_own():
    purposes = confirmation(1), confirmation(2)
    mixed = data(seeds=(3, 4)).batch(purposes, 0, 5)
    for r, (seed, purpose) in enumerate(zip((3, 4), purposes, strict=True)):
        assert torch.equal(mixed.x[r], data(seeds=(seed,)).batch(purpose, 0, 5).x[0])
    first, second = (data(seeds=(3,)).batch(purpose, 0, 5).x for purpose in purposes)
    assert not torch.equal(first, second)


def test_the_stream_of_a_batch_is_named_by_seed_task_lag_purpose_and_number():
    found = data(seeds=(7,), lag=12).batch("train", 4, 6)
    task = registry.get("tasks", "adding")
    want = task.sample(stream(7, "adding", 12, "train", 4), 12, 6)
    np.testing.assert_array_equal(found.x[0].numpy(), want.x)
    np.testing.assert_array_equal(found.y[0].numpy(), want.y)


def test_numbers_of_numpy_name_the_same_run():
    given = {"seeds": (np.int64(7),), "lag": np.int64(12), "budget": np.float32(900), "candidate": np.int64(1)}
    numpys, own = data(**given), data(seeds=(7,), lag=12, budget=900.0, candidate=1)
    assert numpys.setup.spec_hash == own.setup.spec_hash
    assert torch.equal(numpys.batch("train", 1, 5).x, own.batch("train", 1, 5).x)
    assert json.loads(json.dumps(asdict(numpys.setup.spec))) == json.loads(json.dumps(asdict(own.setup.spec)))
    assert stream(7, np.str_("adding"), np.int64(12)).integers(2**62) == stream(7, "adding", 12).integers(2**62)


def test_output_biases_start_at_the_centring():
    """The target of adding is a half on average."""
    start, setup = data("hf").start(), data("hf").setup
    drawn = setup.parts.init.draw(stream(0, "adding", 10, INIT), setup.model.shapes())
    expected = drawn["b_y"] + np.asarray(setup.parts.centring.outputs)
    np.testing.assert_array_equal(start["b_y"][0].numpy(), expected.astype(np.float32))
    assert any(setup.parts.centring.outputs)


@pytest.mark.parametrize(("task", "sizes"), [("adding", [1000, 1000, 500]), ("memorization_5bit", [32])])
def test_an_evaluation_comes_in_batches_and_never_exceeds_the_population(task, sizes):
    one = data(task=task)
    batches = list(one.evaluation(CONFIRM, 2500))
    assert [len(batch) for batch in batches] == sizes
    assert all(torch.equal(batch.x, one.batch(CONFIRM, k, len(batch)).x) for k, batch in enumerate(batches))


def test_what_is_asked_is_charged_to_the_replicas_that_ask():
    one, meter = data(seeds=(0, 1)), Meter.zero(2)
    batch = one.batch("train", 1, 8)
    one.objective(batch, meter, torch.tensor([True, False])).value(one.start())
    assert meter.passes.tolist() == [8, 0]
    own = one.objective(batch)
    own.value(one.start())
    assert own.meter.passes.tolist() == [8, 8]
    assert meter.passes.tolist() == [8, 0]


@pytest.mark.parametrize("method", ["clipping", "lstm", "hf", "esn", "random_guessing"])
def test_bare_updates_are_those_of_a_run(method):
    """The loop adds evaluations and rows and changes no parameter."""
    from longlag.engine.block import Block

    setup = resolve(spec(method, "adding", lag=12))
    with torch.no_grad():
        block = Block(setup, (0,))
        events, steps = block.train(), Data(setup, (0,)).updates()
        *_, last = events
        for _ in range(last.updates):
            params = next(steps).params
    assert all(torch.equal(params[name], leaf) for name, leaf in block.state.params.items())


# ---------------------------------------------------------------- for notebooks and plug-in authors


@pytest.mark.parametrize("task", registry.names("tasks"))
def test_a_loaded_task_gives_the_batches_of_the_engine(task):
    lag = registry.get("tasks", task).shortest + 3
    found = tasks.load(task, lag=lag)
    engine = data(task=task, lag=lag, seeds=(5,))
    for purpose, k in (("train", 1), (TEST, 0)):
        batch, theirs = found.sample(40, 5, purpose, k), engine.batch(purpose, k, 40)
        for part in ("x", "start", "y"):
            np.testing.assert_array_equal(getattr(batch, part), getattr(theirs, part)[0].numpy())
    assert found.sample(4, 5).x.tobytes() == found.sample(4, 5).x.tobytes()
    assert found.sample(4, 5).x.tobytes() != found.sample(4, 6).x.tobytes() or found.task.population


def test_load_refuses_unknown_names_and_lags_too_small():
    with pytest.raises(LonglagError, match="did you mean 'adding'"):
        tasks.load("ading", lag=100)
    with pytest.raises(LonglagError, match="lag 3 is too small"):
        tasks.load("temporal_order", lag=3)


def test_the_package_of_tasks_imports_no_torch():
    code = "import sys, longlag.tasks; from longlag import registry; registry.names('tasks'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
