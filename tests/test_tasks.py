"""Tasks: windows, alphabets, lags and baselines by arithmetic, and the numbers that a version promises."""

import hashlib
import math

import numpy as np
import pytest
import torch

from longlag import registry
from longlag.errors import LonglagError
from longlag.rng import stream
from longlag.tasks.base import check_lag

TASKS = {name: registry.get("tasks", name) for name in registry.names("tasks")}
LAGS = (10, 15, 37, 100)

# sha256 of x, start and y of 7 sequences at lag 37, seed 0: a changed number needs a new version of the task
GOLDEN = {
    "adding": "e92086b52fa7ba0c",
    "memorization_5bit": "f0a666d6b4a03140",
    "temporal_order": "c4422361f6d92f26",
}


def digest(batch) -> str:
    arrays = (batch.x.astype("<f4"), batch.start.astype("<i8"), batch.y)
    kinds = ("<f4", "<i8", "<f4" if batch.y.dtype.kind == "f" else "<i8")
    data = b"".join(np.ascontiguousarray(a, dtype=k).tobytes() for a, k in zip(arrays, kinds, strict=True))
    return hashlib.sha256(data).hexdigest()[:16]


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_generator_is_what_its_version_promises(name):
    assert digest(TASKS[name].sample(stream(0, "golden"), 37, 7)) == GOLDEN[name], f"bump {name}'s version"


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("lag", LAGS)
def test_shapes_padding_and_ranges(name, lag):
    task = TASKS[name]
    batch = task.sample(stream(1, name), lag, 50)
    traits = task.traits
    assert batch.x.shape == (task.steps(lag), 50, len(traits.roles))
    assert batch.x.dtype == np.float32
    assert batch.y.shape[:2] == (traits.scored, 50)
    padding = np.arange(task.steps(lag))[:, None] < batch.start
    assert not batch.x[padding].any()
    assert (task.steps(lag) - batch.start >= lag).all()
    if traits.classes:
        assert set(np.unique(batch.y)) <= set(range(traits.classes))
        assert np.allclose(batch.x.sum(-1), 1)


@pytest.mark.parametrize("name", TASKS)
def test_lag_too_small_is_refused(name):
    check_lag(TASKS[name], TASKS[name].shortest)
    with pytest.raises(LonglagError, match=f"lag {TASKS[name].shortest - 1} is too small"):
        check_lag(TASKS[name], TASKS[name].shortest - 1)


@pytest.mark.parametrize("lag", LAGS)
def test_adding_windows_target_and_minimal_lag(lag):
    task = TASKS["adding"]
    batch = task.sample(stream(2, "adding"), lag, 4000)
    marked = batch.x[..., 1] > 0
    assert (marked.sum(0) == 2).all()
    first, last = marked.argmax(0), len(marked) - 1 - marked[::-1].argmax(0)
    length = len(marked) - batch.start
    assert (first - batch.start < length // 10).all()
    assert ((last - batch.start >= length // 10) & (last - batch.start < length // 2)).all()
    assert np.allclose(batch.y[0, :, 0], (batch.x[..., 0] * marked).sum(0) / 2)
    assert (len(marked) - 1 - last).min() >= task.minimal_lag(lag)
    if lag == 10:  # the bound is attained
        assert (len(marked) - 1 - last).min() == task.minimal_lag(lag)


@pytest.mark.parametrize("lag", LAGS)
def test_temporal_order_windows_classes_and_minimal_lag(lag):
    task = TASKS["temporal_order"]
    batch = task.sample(stream(2, "order"), lag, 4000)
    relevant = batch.x[..., :2].sum(-1) > 0
    assert (relevant.sum(0) == 2).all()
    first, last = relevant.argmax(0), lag - 1 - relevant[::-1].argmax(0)
    assert ((first >= lag // 10) & (first < 2 * lag // 10)).all()
    assert ((last >= 5 * lag // 10) & (last < 6 * lag // 10)).all()
    each = np.arange(4000)
    assert (batch.y[0] == 2 * batch.x[first, each, 1] + batch.x[last, each, 1]).all()
    assert (lag - 1 - last).min() == task.minimal_lag(lag)
    assert abs(np.bincount(batch.y[0], minlength=4) / 4000 - 0.25).max() < 0.04


@pytest.mark.parametrize("lag", LAGS)
def test_memorization_replays_all_messages(lag):
    task = TASKS["memorization_5bit"]
    batch = task.sample(stream(2, "memory"), lag, 32)
    assert len({tuple(message) for message in batch.y.T}) == task.population == 32
    assert (batch.x[:5].argmax(-1) == batch.y).all()
    assert (batch.x[5 : 5 + lag].argmax(-1) == 2).all()
    assert (batch.x[5 + lag].argmax(-1) == 3).all()
    assert task.steps(lag) - 5 == task.minimal_lag(lag)  # heard at step k, replayed at steps - 5 + k


def test_adding_baselines_by_integration():
    """Constant: (u+v)/2 is triangular around 1/2. Half-solved: the unknown number is uniform, halved."""
    base, tolerance = TASKS["adding"].baselines, 0.04
    assert base["constant"].loss == pytest.approx(1 / 24)  # var((u+v)/2) = (1/12 + 1/12) / 4
    assert base["constant"].error == pytest.approx((1 - 2 * tolerance) ** 2)
    assert base["half_solved"].loss == pytest.approx(1 / 48)
    assert base["half_solved"].error == pytest.approx(1 - 4 * tolerance)
    y = TASKS["adding"].sample(stream(3, "base"), 50, 200_000).y[0, :, 0]
    assert np.square(y - 0.5).mean() == pytest.approx(base["constant"].loss, rel=0.01)
    assert (np.abs(y - 0.5) > tolerance).mean() == pytest.approx(base["constant"].error, rel=0.01)


def test_class_baselines_by_arithmetic():
    order, memory = TASKS["temporal_order"].baselines, TASKS["memorization_5bit"].baselines
    assert (order["constant"].error, order["constant"].loss) == (0.75, pytest.approx(-math.log(1 / 4)))
    assert (order["half_solved"].error, order["half_solved"].loss) == (0.5, pytest.approx(-math.log(1 / 2)))
    assert memory["constant"].error == pytest.approx(1 - 0.5**5)
    assert 5 * memory["constant"].loss == pytest.approx(5 * math.log(2))  # 3.466 nats a message
    assert memory["half_solved"].error == pytest.approx(1 - 0.5**2)
    assert 5 * memory["half_solved"].loss == pytest.approx(2 * math.log(2))


@pytest.mark.parametrize("name", TASKS)
def test_constant_baseline_is_what_the_loss_says_of_it(name):
    task = TASKS[name]
    batch = task.sample(stream(4, name), 20, 32 if task.population else 20_000)
    y = torch.from_numpy(batch.y).unsqueeze(0)
    if task.traits.classes:
        outputs = torch.zeros(*y.shape, task.traits.classes)
        if task.idle_class is not None:
            outputs[..., task.idle_class] = -1e9  # known never to be asked for at a scored step
    else:
        outputs = torch.tensor(task.traits.target_mean).expand(y.shape)
    assert float(task.loss.value(outputs, y)[0]) == pytest.approx(task.baselines["constant"].loss, rel=0.03)


@pytest.mark.parametrize("name", TASKS)
def test_declared_input_means(name):
    task = TASKS[name]
    batch = task.sample(stream(5, name), 1000, 200)
    awake = np.arange(task.steps(1000))[:, None] >= batch.start
    assert np.allclose(batch.x[awake].mean(0), task.traits.input_mean, atol=0.03)
