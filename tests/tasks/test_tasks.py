"""Tasks: windows, alphabets, lags and baselines by arithmetic. What a version promises is in `test_golden`."""

import math
from itertools import combinations

import numpy as np
import pytest
import torch

from longlag import registry
from longlag.errors import LonglagError
from longlag.rng import stream
from longlag.tasks.base import check_lag

TASKS = {name: registry.get("tasks", name) for name in registry.names("tasks")}
LAGS = (10, 15, 37, 100)
OF_1997 = {
    "adding_1997": lambda u, v: 0.5 + (u + v) / 4,
    "multiplication_1997": lambda u, v: u * v,
}


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("lag", LAGS)
def test_shapes_padding_and_ranges(name, lag):
    task = TASKS[name]
    lag = max(lag, task.shortest)
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
    if "marker" in traits.roles:
        assert ((batch.x >= (-1 if name in OF_1997 else 0)) & (batch.x <= 1)).all()
    elif "value" not in traits.roles:  # one-hot
        assert (batch.x.max(-1) == ~padding).all()
        assert (batch.x.sum(-1) == ~padding).all()


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
        self.random, self.standard_normal = self.rng.random, self.rng.standard_normal

    def integers(self, low, high, size=None, endpoint=False):
        low, last = np.broadcast_arrays(low, np.asarray(high) - (not endpoint))
        shape = low.shape if size is None else size
        return np.where(self.rng.integers(0, 2, shape), np.broadcast_to(low, shape), np.broadcast_to(last, shape))


def distances(task, batch) -> np.ndarray:
    """Steps from the last input that a scored output needs to that output, the fewest of each sequence."""
    steps, roles = len(batch.x), task.traits.roles
    if task.traits.kind == "replay":  # the k-th symbol heard is the k-th replayed
        return np.full(batch.x.shape[1], steps - task.traits.scored)
    if roles == ("value",):  # the first number alone says anything
        return steps - 1 - batch.start
    needed = (batch.x[..., [role in ("marker", "symbol") for role in roles]] > 0).any(-1)  # a flag is -1
    return needed[::-1].argmax(0)  # the last step is scored


@pytest.mark.parametrize("name", TASKS)
def test_the_minimal_lag_is_kept_and_attained_at_every_lag(name):
    task = TASKS[name]
    for lag in range(task.shortest, 121):
        assert distances(task, task.sample(Ends(lag), lag, 200)).min() == task.minimal_lag(lag), lag
        if lag % 10 < 2:
            drawn = task.sample(stream(6, name, lag), lag, 200)
            assert (distances(task, drawn) >= task.minimal_lag(lag)).all()


@pytest.mark.parametrize("name", OF_1997)
@pytest.mark.parametrize("lag", [20, 37, 100])
def test_marked_pairs_of_1997(name, lag):
    """Flags at both ends, marks in the paper's windows, its targets; a marked first pair counts as neutral."""
    task, n, each = TASKS[name], 4000, np.arange(4000)
    batch = task.sample(stream(2, name), lag, n)
    steps, start = len(batch.x), batch.start
    value, second = batch.x[..., 0], batch.x[..., 1]
    assert set(np.unique(steps - start)) == set(range(lag, lag + lag // 10 + 1))
    assert (second[start, each] == -1).all()
    assert (second[-1] == -1).all()
    assert ((second == -1).sum(0) == 2).all()
    marks = (second == 1).sum(0)
    assert set(marks) == {1, 2}
    assert (marks == 1).mean() == pytest.approx(0.1 + 0.9 / (lag // 2 - 1), abs=0.02)
    places = np.sort(np.where(second.T == 1, np.arange(steps) - start[:, None], -1), 1)[:, -2:]
    assert places.max() == lag // 2 - 1
    assert (places[marks == 2].min(1) <= np.where(places[marks == 2].max(1) < 10, 10, 9)).all()
    neutral = value[start, each][marks == 1]
    assert set(neutral) == {TASKS[name].traits.kind == "marked" and (0.0 if name == "adding_1997" else 1.0)}
    u, v = (value[(start + place).clip(max=steps - 1), each] for place in places.T)
    u = np.where(marks == 1, value[start, each], u)
    assert np.allclose(batch.y[0, :, 0], OF_1997[name](u, v))
    low = -1 if name == "adding_1997" else 0
    drawn = value[np.arange(steps)[:, None] > start]
    assert abs(np.histogram(drawn, 10, (low, 1))[0] / len(drawn) - 0.1).max() < 0.01


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("temporal_order_1997", [(10, 20), (50, 60)]),
        ("temporal_order_3bit_1997", [(10, 20), (33, 43), (66, 76)]),
    ],
)
def test_symbols_of_1997_at_the_length_of_the_paper(name, places):
    """Lengths 100 to 110, a start, a trigger, and relevant symbols at the paper's places, counted from 1."""
    task, n = TASKS[name], 4000
    batch = task.sample(stream(2, name), 100, n)
    symbol, start = batch.x.argmax(-1), batch.start
    assert set(np.unique(110 - start)) == set(range(100, 111))
    assert (symbol[start, np.arange(n)] == 6).all()
    assert (symbol[-1] == 7).all()
    relevant = batch.x[..., :2].sum(-1) > 0
    found = np.nonzero(relevant.T)[1].reshape(n, -1)
    for k, (first, last) in enumerate(places):
        assert set(np.unique(found[:, k] - start + 1)) == set(range(first, last + 1))
    bits = symbol[found.T, np.arange(n)]
    assert (batch.y[0] == 2 ** np.arange(len(places))[::-1] @ bits).all()
    classes = task.traits.classes
    assert abs(np.bincount(batch.y[0], minlength=classes) / n - 1 / classes).max() < 0.04
    guess, y = torch.full((1, 1, n, classes), 1 / classes).logit(), torch.from_numpy(batch.y[None])
    assert task.loss.wrong(guess, y).all()


def test_baselines_of_numbers_of_1997():
    """Of long sequences: the first of the two numbers is the neutral one in a tenth of them."""
    for name, centre in (("adding_1997", 0.5), ("multiplication_1997", 0.275)):
        base, n = TASKS[name].baselines, 200_000
        rng, low = np.random.default_rng(1), -1 if name == "adding_1997" else 0
        u, v = rng.uniform(low, 1, (2, n))
        u = np.where(rng.random(n) < 0.1, 1 + low, u)  # 0 of a sum, 1 of a product
        y = OF_1997[name](u, v)
        known = OF_1997[name](u, (1 + low) / 2)
        for kind, answer in (("constant", centre), ("half_solved", known)):
            assert np.square(y - answer).mean() / 2 == pytest.approx(base[kind].loss, rel=0.01)
        assert (np.abs(y - known) > 0.04).mean() == pytest.approx(base["half_solved"].error, rel=0.01)
        best = min((np.abs(y - c) > 0.04).mean() for c in np.linspace(0, 1, 101))
        assert best == pytest.approx(base["constant"].error, rel=0.01)


@pytest.mark.parametrize("name", ["adding", "adding_urnn", "multiplication"])
def test_no_constant_is_right_more_often_than_the_constant_baseline(name):
    """It is that of the criterion, not that of the loss."""
    task = TASKS[name]
    y = task.sample(stream(4, "base"), 50, 200_000).y
    answers = np.linspace(0, 2, 201)
    wrong = [task.loss.wrong(torch.full((1, *y.shape), c), torch.from_numpy(y[None])).float().mean() for c in answers]
    assert float(min(wrong)) == pytest.approx(task.baselines["constant"].error, rel=0.01)


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


@pytest.mark.parametrize(("name", "ahead"), [("memorization_5bit", 0), ("memorization_20bit", 0), ("copy", 1)])
@pytest.mark.parametrize("lag", LAGS)
def test_memorization_replays_the_message(name, ahead, lag):
    task = TASKS[name]
    batch = task.sample(stream(2, "memory"), lag, task.population or 500)
    heard, blank = task.traits.scored, task.traits.roles.index("blank")
    assert (batch.x[:heard].argmax(-1) == batch.y).all()
    silence = batch.x[heard:].argmax(-1)
    assert (silence[lag - ahead] == task.traits.roles.index("cue")).all()
    assert (np.delete(silence, lag - ahead, 0) == blank).all()
    assert len(batch.x) - heard == task.minimal_lag(lag)  # heard at step k, replayed at steps - K + k
    assert set(np.unique(batch.y)) == set(range(blank))


def test_memorization_messages():
    few = TASKS["memorization_5bit"].sample(stream(2, "memory"), 20, 32).y
    assert len({tuple(message) for message in few.T}) == TASKS["memorization_5bit"].population == 32
    many = TASKS["memorization_20bit"].sample(stream(2, "memory"), 20, 4000).y
    assert len({tuple(message) for message in many.T}) > 3990  # of 5^10
    assert abs(np.bincount(many.ravel()) / many.size - 0.2).max() < 0.01


def test_copy_is_ten_letters_of_eight():
    task = TASKS["copy"]
    letters = task.sample(stream(2, "copy"), 20, 4000).y
    assert abs(np.bincount(letters.ravel(), minlength=8) / letters.size - 1 / 8).max() < 0.01
    for lag, steps, loss in ((100, 120, 0.1733), (500, 520, 0.0400), (1000, 1020, 0.0204)):  # the papers' plateau
        assert task.steps(lag) == steps
        assert 10 * task.baselines["constant"].loss / steps == pytest.approx(loss, abs=5e-5)
    assert task.baselines["constant"].error == pytest.approx(1 - 8.0**-10)
    assert task.baselines["half_solved"].error == pytest.approx(1 - 8.0**-5)
    assert task.baselines["half_solved"].loss == pytest.approx(math.log(8) / 2)


@pytest.mark.parametrize("lag", LAGS)
def test_latch_shows_its_class_at_the_first_step_and_noise_after_it(lag):
    batch = TASKS["latch"].sample(stream(2, "latch"), lag, 4000)
    steps, each, x = len(batch.x), np.arange(4000), batch.x[..., 0]
    assert (x[batch.start, each] == 2 * batch.y[0] - 1).all()
    assert set(np.unique(steps - batch.start)) == set(range(lag, lag + lag // 10 + 1))
    assert batch.y.mean() == pytest.approx(0.5, abs=0.03)
    noise = x[np.arange(steps)[:, None] > batch.start].astype(np.float64)
    assert noise.mean() == pytest.approx(0, abs=0.01)
    assert np.square(noise).mean() == pytest.approx(0.2, rel=0.03)
    assert (np.abs(noise) > 3 * math.sqrt(0.2)).mean() == pytest.approx(0.0027, abs=0.001)  # Gaussian


@pytest.mark.parametrize(("lag", "right"), [(20, 0.70), (100, 0.59), (1000, 0.53)])
def test_the_sum_of_all_inputs_betrays_the_class_of_the_latch_a_little(lag, right):
    """Sum = +-1 + N(0, 0.2 (T' - 1)); the numbers are those of its docstring, at T' = T."""
    assert right == pytest.approx(0.5 * (1 + math.erf(1 / math.sqrt(2 * 0.2 * (lag - 1)))), abs=0.005)
    batch = TASKS["latch"].sample(stream(2, "latch"), lag, 10_000)
    told = (batch.x[..., 0].sum(0, dtype=np.float64) > 0) == batch.y[0]
    assert told.mean() == pytest.approx(right, abs=0.02)


@pytest.mark.parametrize("lag", LAGS)
def test_distractors_frame_the_relevant_symbol_and_end_at_random(lag):
    task, n = TASKS["distractors"], 4000
    batch = task.sample(stream(2, "distractors"), lag, n)
    symbol, each, start = batch.x.argmax(-1), np.arange(n), batch.start
    assert (symbol[start, each] == 52).all()
    assert (symbol[start + 1, each] == batch.y[0]).all()
    assert (symbol[-1] == 53).all()
    assert batch.y.mean() == pytest.approx(0.5, abs=0.03)
    rows = np.arange(len(symbol))[:, None]
    between = symbol[(rows > start + 1) & (rows < len(symbol) - 1)]
    assert set(np.unique(between)) == set(range(2, 52))
    assert abs(np.bincount(between - 2) / len(between) - 1 / 50).max() < 0.003
    suffix = len(symbol) - start - 3 - lag
    assert (suffix.min(), suffix.max()) == (0, 49)
    assert suffix.mean() == pytest.approx(9 * (1 - 0.9**49), abs=0.5)
    assert (suffix == 0).mean() == pytest.approx(0.1, abs=0.02)
    assert (suffix == 49).mean() == pytest.approx(0.9**49, abs=0.004)


def test_parity_is_of_all_bits_and_no_polynomial_of_fewer_sees_it():
    """Over all strings of six bits: uncorrelated with every product of up to five of them (its docstring)."""
    batch = TASKS["parity"].sample(stream(2, "parity"), 6, 4000)
    bits, y = batch.x[..., 1].astype(int), batch.y[0]
    strings, at = np.unique(bits, axis=1, return_index=True)
    assert strings.shape == (6, 64)
    assert (y == np.bitwise_xor.reduce(bits)).all()
    signs, parity = 1 - 2 * strings, 1 - 2 * y[at]
    for degree in range(6):
        for chosen in combinations(range(6), degree):
            assert parity @ signs[list(chosen)].prod(0) == 0
    assert abs(parity @ signs.prod(0)) == 64


@pytest.mark.parametrize(("lag", "right"), [(10, 0.62), (100, 0.54)])
def test_half_of_all_bits_set_betrays_a_little_of_parity(lag, right):
    """The numbers of its docstring: say "odd" (or "even", whichever is better) from T/2 ones on."""
    odd = sum(math.comb(lag, ones) for ones in range(lag + 1) if (ones % 2 == 1) == (ones >= lag / 2)) / 2**lag
    assert max(odd, 1 - odd) == pytest.approx(right, abs=0.005)


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


@pytest.mark.parametrize("lag", LAGS)
def test_a_mark_in_each_half_and_their_sum(lag):
    batch = TASKS["adding_urnn"].sample(stream(2, "urnn"), lag, 4000)
    marked, each = batch.x[..., 1] > 0, np.arange(4000)
    first, last = marked.argmax(0), lag - 1 - marked[::-1].argmax(0)
    assert (marked.sum(0) == 2).all()
    assert (set(first), set(last)) == (set(range(lag // 2)), set(range(lag // 2, lag)))
    assert np.allclose(batch.y[0, :, 0], batch.x[first, each, 0] + batch.x[last, each, 0])
    assert len(batch.x) == lag


def test_baselines_of_adding_with_a_mark_in_each_half():
    """The papers' 0.167; within 0.08 of a sum as `adding` is within 0.04 of a mean."""
    base, mean = TASKS["adding_urnn"].baselines, TASKS["adding"].baselines
    assert base["constant"].loss == pytest.approx(0.167, abs=5e-4)
    assert base["half_solved"].loss == pytest.approx(1 / 12)
    batch = TASKS["adding_urnn"].sample(stream(3, "base"), 50, 100_000)
    y, first = batch.y[0, :, 0], batch.x[(batch.x[..., 1] > 0).argmax(0), np.arange(100_000), 0]
    for kind, answer in (("constant", np.full_like(y, 1)), ("half_solved", first + 0.5)):
        assert base[kind].error == pytest.approx(mean[kind].error)
        assert np.square(y - answer).mean() == pytest.approx(base[kind].loss, rel=0.01)
        assert (np.abs(y - answer) > 0.08).mean() == pytest.approx(base[kind].error, rel=0.01)


def test_multiplication_baselines_by_integration():
    """Constant: the product has distribution z (1 - ln z). Half-solved: the unknown number is uniform, scaled by u."""
    base, tolerance = TASKS["multiplication"].baselines, 0.04
    assert base["constant"].loss == pytest.approx(1 / 9 - 1 / 16)  # E u^2 v^2 - (E u v)^2 = 7 / 144
    assert base["constant"].error == pytest.approx(0.718, abs=5e-4)
    u = (np.arange(100_000) + 0.5) / 100_000
    assert base["half_solved"].loss == pytest.approx((u**2 / 12).mean(), rel=1e-6)
    assert base["half_solved"].error == pytest.approx(np.maximum(0, 1 - 2 * tolerance / u).mean(), abs=1e-4)
    batch = TASKS["multiplication"].sample(stream(3, "base"), 50, 200_000)
    y, marked = batch.y[0, :, 0], batch.x[..., 1] > 0
    assert np.square(y - 0.25).mean() == pytest.approx(base["constant"].loss, rel=0.01)
    wrong = {c: (np.abs(y - c) > tolerance).mean() for c in np.linspace(0, 1, 101)}
    assert min(wrong.values()) == pytest.approx(base["constant"].error, rel=0.01)
    assert min(wrong, key=lambda c: wrong[c]) == pytest.approx(0.04, abs=0.01)
    assert wrong[0.25] == pytest.approx(0.889, abs=5e-3)  # the papers' number: of the mean
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
    for name in (
        "xor",
        "random_permutation",
        "latch",
        "distractors",
        "parity",
    ):  # one bit, and no way to know half of it
        for answer in TASKS[name].baselines.values():
            assert (answer.error, answer.loss) == (0.5, pytest.approx(math.log(2)))


@pytest.mark.parametrize("name", TASKS)
def test_constant_baseline_is_what_the_loss_says_of_it(name):
    task = TASKS[name]
    lag = 200 if name in OF_1997 else 20  # whose baselines are those of long sequences
    batch = task.sample(stream(4, name), lag, 32 if task.population else 20_000)
    y = torch.from_numpy(batch.y).unsqueeze(0)
    if task.loss.name == "logistic_error" and task.traits.classes:
        outputs = torch.full((*y.shape, task.traits.classes), 1 / task.traits.classes).logit()
    elif task.traits.classes:
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
