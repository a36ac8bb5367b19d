"""Tasks: windows, alphabets, lags and baselines by arithmetic. What a version promises is in `test_golden`."""

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


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("lag", LAGS)
def test_shapes_padding_and_ranges(name, lag):
    task = TASKS[name]
    batch = task.sample(stream(1, name), lag, 50)
    traits = task.traits
    assert batch.x.shape == (task.steps(lag), 50, len(traits.roles))
    assert batch.x.dtype == np.float32
    assert batch.y.shape[:2] == (traits.scored or task.steps(lag), 50)
    padding = np.arange(task.steps(lag))[:, None] < batch.start
    assert not batch.x[padding].any()
    assert (task.steps(lag) - batch.start >= lag).all()
    if traits.classes:
        assert set(np.unique(batch.y)) <= set(range(traits.classes))
    if traits.kind == "marked":
        assert ((batch.x >= 0) & (batch.x <= 1)).all()
    else:
        assert np.allclose(batch.x.sum(-1), 1)


@pytest.mark.parametrize("name", TASKS)
def test_lag_too_small_is_refused(name):
    check_lag(TASKS[name], TASKS[name].shortest)
    with pytest.raises(LonglagError, match=f"lag {TASKS[name].shortest - 1} is too small"):
        check_lag(TASKS[name], TASKS[name].shortest - 1)


PAIRS = {
    "adding": lambda u, v: (u + v) / 2,
    "multiplication": lambda u, v: u * v,
    "xor": lambda u, v: u != v,
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("lag", LAGS)
def test_marked_pairs_windows_target_and_minimal_lag(name, lag):
    task = TASKS[name]
    batch = task.sample(stream(2, name), lag, 4000)
    marked = batch.x[..., 1] > 0
    assert set(np.unique(batch.x[..., 1])) == {0, 1}
    assert (marked.sum(0) == 2).all()
    first, last = marked.argmax(0), len(marked) - 1 - marked[::-1].argmax(0)
    length = len(marked) - batch.start
    assert (first - batch.start < length // 10).all()
    assert ((last - batch.start >= length // 10) & (last - batch.start < length // 2)).all()
    each = np.arange(4000)
    pair = batch.x[first, each, 0], batch.x[last, each, 0]
    assert np.allclose(batch.y[0].reshape(-1), PAIRS[name](*pair))
    assert (len(marked) - 1 - last).min() >= task.minimal_lag(lag)


class Ends:
    """Whole numbers from the two ends of every range that is asked for: what a task can draw at the extreme."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.random = self.rng.random

    def integers(self, low, high, size=None, endpoint=False):
        low, last = np.broadcast_arrays(low, np.asarray(high) - (not endpoint))
        shape = low.shape if size is None else size
        return np.where(self.rng.integers(0, 2, shape), np.broadcast_to(low, shape), np.broadcast_to(last, shape))


def distances(task, batch) -> np.ndarray:
    """Steps from the last input that a scored output needs to that output, the fewest of each sequence."""
    steps, roles = len(batch.x), task.traits.roles
    if task.traits.kind == "replay":  # the k-th symbol heard is the k-th replayed
        return np.full(batch.x.shape[1], steps - task.traits.scored)
    needed = batch.x[..., [role in ("marker", "symbol") for role in roles]].any(-1)
    return needed[::-1].argmax(0)  # the last step is scored


@pytest.mark.parametrize("name", TASKS)
def test_the_minimal_lag_is_kept_and_attained_at_every_lag(name):
    task = TASKS[name]
    for lag in range(task.shortest, 121):
        assert distances(task, task.sample(Ends(lag), lag, 200)).min() == task.minimal_lag(lag), lag
        if lag % 10 < 2:
            drawn = task.sample(stream(6, name, lag), lag, 200)
            assert (distances(task, drawn) >= task.minimal_lag(lag)).all()


@pytest.mark.parametrize("name", ["adding", "multiplication"])
def test_values_are_uniform(name):
    batch = TASKS[name].sample(stream(2, name), 100, 4000)
    value = batch.x[..., 0][np.arange(len(batch.x))[:, None] >= batch.start]
    assert abs(np.histogram(value, 10, (0, 1))[0] / len(value) - 0.1).max() < 0.002


def test_xor_has_fair_bits_and_classes():
    batch = TASKS["xor"].sample(stream(2, "xor"), 100, 4000)
    assert set(np.unique(batch.x)) == {0, 1}
    assert batch.y.mean() == pytest.approx(0.5, abs=0.03)
    marked = batch.x[..., 1] > 0
    for position in (marked.argmax(0), len(marked) - 1 - marked[::-1].argmax(0)):  # one bit says nothing of the class
        bit = batch.x[position, np.arange(4000), 0]
        assert batch.y[0, bit == 1].mean() == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize(("name", "tenths"), [("temporal_order", (1, 5)), ("temporal_order_3bit", (1, 3, 6))])
@pytest.mark.parametrize("lag", LAGS)
def test_temporal_order_windows_classes_and_minimal_lag(name, tenths, lag):
    task = TASKS[name]
    batch = task.sample(stream(2, name), lag, 4000)
    relevant = batch.x[..., :2].sum(-1) > 0
    assert (relevant.sum(0) == len(tenths)).all()
    positions = np.nonzero(relevant.T)[1].reshape(4000, len(tenths)).T  # [windows, n], in order
    for k, position in zip(tenths, positions, strict=True):
        assert ((position >= k * lag // 10) & (position < (k + 1) * lag // 10)).all()
    bits = batch.x[positions, np.arange(4000), 1]
    assert (batch.y[0] == 2.0 ** np.arange(len(tenths))[::-1] @ bits).all()
    assert (lag - 1 - positions[-1]).min() == task.minimal_lag(lag)
    classes = task.traits.classes
    assert classes == 2 ** len(tenths)
    assert abs(np.bincount(batch.y[0], minlength=classes) / 4000 - 1 / classes).max() < 0.04


@pytest.mark.parametrize("name", ["random_permutation", "random_permutation_every_step"])
@pytest.mark.parametrize("lag", LAGS)
def test_random_permutation_asks_for_its_first_symbol(name, lag):
    task = TASKS[name]
    batch = task.sample(stream(2, "permutation"), lag, 4000)
    symbols = batch.x.argmax(-1)
    assert set(np.unique(symbols[0])) == {0, 1}
    assert set(np.unique(symbols[1:])) == set(range(2, 100))
    assert (batch.y[-1] == symbols[0]).all()
    assert (batch.y[:-1] == symbols[len(symbols) + 1 - len(batch.y) :]).all()  # with every step: the next symbol
    assert len(symbols) - 1 == task.minimal_lag(lag)
    assert batch.y[-1].mean() == pytest.approx(0.5, abs=0.03)


def test_every_step_is_trained_and_the_last_alone_is_judged():
    loss = TASKS["random_permutation_every_step"].loss
    targets = torch.tensor([[[5, 6], [0, 1]]])  # [R, K, B]
    outputs = torch.zeros(1, 2, 2, 100)
    outputs[0, 1, :, 1] = 9.0  # never a distractor, and 1 at the last step
    assert loss.wrong(outputs, targets).tolist() == [[[False, False], [True, False]]]
    assert float(loss.value(outputs, targets)) == pytest.approx((2 * math.log(100) + 9 + 0) / 4, abs=0.05)
    assert loss.gradient(outputs, targets)[0, 0].abs().sum() > 0


@pytest.mark.parametrize("name", ["memorization_5bit", "memorization_20bit"])
@pytest.mark.parametrize("lag", LAGS)
def test_memorization_replays_the_message(name, lag):
    task = TASKS[name]
    batch = task.sample(stream(2, "memory"), lag, task.population or 500)
    heard, blank = task.traits.scored, task.traits.roles.index("blank")
    assert (batch.x[:heard].argmax(-1) == batch.y).all()
    silence = batch.x[heard:].argmax(-1)
    assert (silence[lag] == task.traits.roles.index("cue")).all()
    assert (np.delete(silence, lag, 0) == blank).all()
    assert len(batch.x) - heard == task.minimal_lag(lag)  # heard at step k, replayed at steps - K + k
    assert set(np.unique(batch.y)) == set(range(blank))


def test_memorization_messages():
    few = TASKS["memorization_5bit"].sample(stream(2, "memory"), 20, 32).y
    assert len({tuple(message) for message in few.T}) == TASKS["memorization_5bit"].population == 32
    many = TASKS["memorization_20bit"].sample(stream(2, "memory"), 20, 4000).y
    assert len({tuple(message) for message in many.T}) > 3990  # of 5^10
    assert abs(np.bincount(many.ravel()) / many.size - 0.2).max() < 0.01


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


def test_multiplication_baselines_by_integration():
    """Constant: the product has distribution z (1 - ln z). Half-solved: the unknown number is uniform, scaled by u."""
    base, tolerance = TASKS["multiplication"].baselines, 0.04
    assert base["constant"].loss == pytest.approx(1 / 9 - 1 / 16)  # E u^2 v^2 - (E u v)^2 = 7 / 144
    assert base["constant"].error == pytest.approx(0.889, abs=5e-4)  # the papers' number
    u = (np.arange(100_000) + 0.5) / 100_000
    assert base["half_solved"].loss == pytest.approx((u**2 / 12).mean(), rel=1e-6)
    assert base["half_solved"].error == pytest.approx(np.maximum(0, 1 - 2 * tolerance / u).mean(), abs=1e-4)
    batch = TASKS["multiplication"].sample(stream(3, "base"), 50, 200_000)
    y, marked = batch.y[0, :, 0], batch.x[..., 1] > 0
    assert np.square(y - 0.25).mean() == pytest.approx(base["constant"].loss, rel=0.01)
    assert (np.abs(y - 0.25) > tolerance).mean() == pytest.approx(base["constant"].error, rel=0.01)
    known = batch.x[marked.argmax(0), np.arange(200_000), 0]
    assert np.square(y - known / 2).mean() == pytest.approx(base["half_solved"].loss, rel=0.01)
    assert (np.abs(y - known / 2) > tolerance).mean() == pytest.approx(base["half_solved"].error, rel=0.01)


def test_class_baselines_by_arithmetic():
    order, memory = TASKS["temporal_order"].baselines, TASKS["memorization_5bit"].baselines
    assert (order["constant"].error, order["constant"].loss) == (0.75, pytest.approx(-math.log(1 / 4)))
    assert (order["half_solved"].error, order["half_solved"].loss) == (0.5, pytest.approx(-math.log(1 / 2)))
    assert memory["constant"].error == pytest.approx(1 - 0.5**5)
    assert 5 * memory["constant"].loss == pytest.approx(5 * math.log(2))  # 3.466 nats a message
    assert memory["half_solved"].error == pytest.approx(1 - 0.5**2)
    assert 5 * memory["half_solved"].loss == pytest.approx(2 * math.log(2))
    order, memory = TASKS["temporal_order_3bit"].baselines, TASKS["memorization_20bit"].baselines
    assert (order["constant"].error, order["constant"].loss) == (7 / 8, pytest.approx(-math.log(1 / 8)))
    assert (order["half_solved"].error, order["half_solved"].loss) == (0.5, pytest.approx(-math.log(1 / 2)))
    assert memory["constant"].error == pytest.approx(1 - 1 / 9_765_625)
    assert 10 * memory["constant"].loss == pytest.approx(math.log(9_765_625))  # 16.09 nats, 23.2 bits a message
    assert memory["half_solved"].error == pytest.approx(1 - 1 / 3125)
    assert 10 * memory["half_solved"].loss == pytest.approx(math.log(3125))
    for name in ("xor", "random_permutation"):  # one bit, and no way to know half of it
        for answer in TASKS[name].baselines.values():
            assert (answer.error, answer.loss) == (0.5, pytest.approx(math.log(2)))


@pytest.mark.parametrize("name", TASKS)
def test_constant_baseline_is_what_the_loss_says_of_it(name):
    task = TASKS[name]
    batch = task.sample(stream(4, name), 20, 32 if task.population else 20_000)
    y = torch.from_numpy(batch.y).unsqueeze(0)
    if task.traits.classes:
        outputs = torch.full((*y.shape, task.traits.classes), -1e9)
        outputs[..., np.unique(batch.y)] = 0.0  # the classes that are ever asked for
    else:
        outputs = torch.tensor(task.traits.target_mean).expand(y.shape)
    assert float(task.loss.value(outputs, y)[0]) == pytest.approx(task.baselines["constant"].loss, rel=0.03)


@pytest.mark.parametrize("name", TASKS)
def test_declared_input_means(name):
    task = TASKS[name]
    batch = task.sample(stream(5, name), 1000, 200)
    started = np.arange(task.steps(1000))[:, None] >= batch.start
    assert np.allclose(batch.x[started].mean(0), task.traits.input_mean, atol=0.03)
