"""Cells: every fast path against the one definition (`step`, unrolled and differentiated automatically)."""

import math
from dataclasses import dataclass
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

import references
from longlag.cells import (
    batched,
    gated,
    gated_batched,
    linear_scan,
    lstm_batched,
    lstm_kernels,
    relu_batched,
    sequences,
    tanh_batched,
    tanh_kernels,
)
from longlag.cells.average_net import AverageNet
from longlag.cells.base import autograd_tape, complete, gradient_tape, unroll, zero_start
from longlag.cells.gru import GRU
from longlag.cells.lru import LRU
from longlag.cells.lstm import LSTM
from longlag.cells.lstm_1997 import LSTM1997
from longlag.cells.mingru import MinGRU
from longlag.cells.of_module import of_module
from longlag.cells.relu_rnn import ReluRNN
from longlag.cells.reservoir import Reservoir
from longlag.cells.tanh_rnn import TanhRNN
from longlag.errors import LonglagError
from longlag.model import Model


@dataclass(frozen=True)
class SmallLSTM:
    """The LSTM as it is in the sizes of its own kernels, at all sizes."""

    hidden: int = 32
    shapes, drive, start, step = LSTM.shapes, LSTM.drive, LSTM.start, LSTM.step

    def tape(self, params, x, start, scored):
        runs = gated.GatedRuns(lstm_kernels, params, x, start, scored)
        return gradient_tape(self, params, x, start, runs.states, runs.backward)


CELLS = {
    "tanh": TanhRNN,
    "lstm": LSTM,
    "small lstm": SmallLSTM,
    "gru": GRU,
    "relu": ReluRNN,
    "lru": lambda hidden: LRU(hidden, modes=5),
    "mingru": MinGRU,
    "average": AverageNet,
    "lstm of 1997": LSTM1997,
    "reservoir": lambda hidden: Reservoir(hidden, leak=0.3),
}
LAYERED = ("lru", "mingru")
BATCHED = [(LSTM, gated_batched.LSTMRun), (GRU, gated_batched.GRURun), (ReluRNN, relu_batched.ReluRun)]
SIZES = st.tuples(*[st.integers(1, high) for high in (3, 9, 5, 4, 7)])  # R, T, B, X, H


def problem(cell, sizes, seed=0, dtype=torch.float64):
    """Parameters, inputs [R, T, B, X], starts [R, B]; inputs before a start are zero."""
    replicas, steps, batch, inputs, _ = sizes
    rng = np.random.default_rng(seed)
    params = {
        name: torch.tensor(0.6 * rng.standard_normal((replicas, *shape)), dtype=dtype)
        for name, shape in cell.shapes(inputs).items()
    }
    x = torch.tensor(rng.standard_normal((replicas, steps, batch, inputs)), dtype=dtype)
    start = torch.tensor(rng.integers(0, steps, size=(replicas, batch)))
    x = x * (torch.arange(steps)[:, None] >= start.unsqueeze(1)).unsqueeze(-1)
    return params, x, start


def tangent_of(params, seed=1):
    rng = np.random.default_rng(seed)
    return {name: torch.tensor(rng.standard_normal(p.shape), dtype=p.dtype) for name, p in params.items()}


@pytest.mark.parametrize("name", CELLS)
@settings(max_examples=25, deadline=None)
@given(sizes=SIZES, scored=st.integers(1, 3), seed=st.integers(0, 99))
def test_fast_states_and_derivatives_equal_the_generic_ones(name, sizes, scored, seed):
    cell, scored = complete(CELLS[name](hidden=sizes[4])), min(scored, sizes[1])
    params, x, start = problem(cell, sizes, seed)
    generic, fast = autograd_tape(cell, params, x, start, scored), cell.tape(params, x, start, scored)
    close = {"rtol": 1e-10, "atol": 1e-12}
    torch.testing.assert_close(fast.states, generic.states, **close)
    torch.testing.assert_close(cell.states(params, x, start, scored), generic.states, **close)
    d_states = torch.randn(generic.states.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    v = tangent_of(params, seed)
    for one, other in zip(fast.pushforward(v), generic.pushforward(v), strict=True):
        torch.testing.assert_close(one, other, **close)
    d_damped = generic.pushforward(v)[1]
    for arguments in ((d_states,), (d_states, d_damped)):
        one, other = fast.pullback(*arguments), generic.pullback(*arguments)
        for key in other:
            torch.testing.assert_close(one[key], other[key], **close, msg=lambda m, key=key: f"{key}: {m}")


@pytest.mark.parametrize("name", CELLS)
@settings(max_examples=15, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, high) for high in (7, 130, 40, 4, 70)]), seed=st.integers(0, 99))
@example(sizes=(5, 100, 20, 2, 100), seed=0)
@example(sizes=(2, 60, 100, 3, 40), seed=0)
def test_a_replica_has_the_same_bits_whatever_its_company(name, sizes, seed):
    """At lengths and sizes at which kernels cut time and batch into pieces."""
    if name in LAYERED:  # their kernels cut nothing but the replicas, and their definition takes ten times as long
        sizes = tuple(min(size, most) for size, most in zip(sizes, (3, 20, 20, 4, 20), strict=True))
    cell = complete(CELLS[name](hidden=sizes[4]))
    params, x, start = problem(cell, sizes, seed, torch.float32)
    params = {key: p / sizes[4] ** 0.5 for key, p in params.items()}  # or a hundred steps overflow
    v = tangent_of(params, seed)
    d_states = torch.randn((sizes[0], 1, sizes[2], sizes[4]), generator=torch.Generator().manual_seed(seed))

    def passes(some):
        tape = cell.tape({k: p[some] for k, p in params.items()}, x[some], start[some], 1)
        r_states, r_damped = tape.pushforward({k: p[some] for k, p in v.items()})
        each = {}
        if name == "tanh":
            each = {k: d[0] for k, d in tape.per_sequence_vjp(d_states[None, some]).items()}
        return [tape.states, r_states, r_damped, *tape.pullback(d_states[some], r_damped).values(), *each.values()]

    together = passes(slice(None))
    for r in range(sizes[0]):
        for one, all_of_them in zip(passes(slice(r, r + 1)), together, strict=True):
            assert torch.equal(one[0], all_of_them[r])


@settings(max_examples=25, deadline=None)
@given(sizes=SIZES, seed=st.integers(0, 99), small=st.integers(1, 200), cached=st.integers(1, 100))
def test_products_cut_into_small_ones_equal_the_generic_ones(sizes, seed, small, cached):
    """As at large sizes: many pieces of a batch, many blocks of steps."""
    cell = TanhRNN(hidden=sizes[4])
    params, x, start = problem(cell, sizes, seed)
    generic = autograd_tape(cell, params, x, start, 1)
    v, d_states = tangent_of(params, seed), torch.ones_like(generic.states)
    tanh_kernels._pieces.cache_clear()
    with mock.patch.multiple(tanh_kernels, _PRODUCT_MULTIPLY_ADDS=small, _PRODUCT_ROWS=1, _BLOCK_NUMBERS=cached):
        fast = cell.tape(params, x, start, 1)
        one = [fast.states, *fast.pushforward(v), *fast.pullback(d_states).values()]
        each = fast.per_sequence_vjp(d_states[None])
    tanh_kernels._pieces.cache_clear()
    other = [generic.states, *generic.pushforward(v)]
    gradient = generic.pullback(d_states)
    for a, b in zip(one, [*other, *(gradient[name] for name in each)], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)
    for name, d in each.items():
        torch.testing.assert_close(d[0].sum(1), gradient[name], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["small lstm", "gru", "relu", "lstm of 1997"])
@settings(max_examples=15, deadline=None)
@given(sizes=SIZES, seed=st.integers(0, 99), numbers=st.integers(1, 100), chunk=st.integers(1, 5))
def test_gated_kernels_in_blocks_and_pieces_equal_the_generic_ones(name, sizes, seed, numbers, chunk):
    """As at large sizes: many blocks of steps, many pieces of an evaluation."""
    cell = complete(CELLS[name](hidden=sizes[4]))
    params, x, start = problem(cell, sizes, seed)
    generic = autograd_tape(cell, params, x, start, 1)
    d_states = torch.ones_like(generic.states)
    with mock.patch.object(gated, "_BLOCK_NUMBERS", numbers), mock.patch.object(sequences, "_CHUNK", chunk):
        fast, states = cell.tape(params, x, start, 1), cell.states(params, x, start, 1)
        gradient = fast.pullback(d_states)
    for found in (fast.states, states):
        torch.testing.assert_close(found, generic.states, rtol=1e-10, atol=1e-12)
    for key, value in generic.pullback(d_states).items():
        torch.testing.assert_close(gradient[key], value, rtol=1e-10, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(sizes=SIZES, scored=st.integers(1, 3), seed=st.integers(0, 99), late=st.booleans())
def test_the_batched_formulas_of_gpus_equal_the_generic_ones(sizes, scored, seed, late):
    """On the CPU here: the same code runs on a GPU."""
    cell, scored = TanhRNN(hidden=sizes[4]), min(scored, sizes[1])
    params, x, start = problem(cell, sizes, seed)
    start = start if late else torch.zeros_like(start)
    generic, batched = autograd_tape(cell, params, x, start, scored), tanh_batched.linearise(params, x, start, scored)
    close = {"rtol": 1e-10, "atol": 1e-12}
    torch.testing.assert_close(batched.states, generic.states, **close)
    d_states = torch.randn(generic.states.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    v = tangent_of(params, seed)
    for one, other in zip(batched.pushforward(v), generic.pushforward(v), strict=True):
        torch.testing.assert_close(one, other, **close)
    for arguments in ((d_states,), (d_states, generic.pushforward(v)[1])):
        one, other = batched.pullback(*arguments), generic.pullback(*arguments)
        assert one.keys() == other.keys()
        for key in other:
            torch.testing.assert_close(one[key], other[key], **close, msg=lambda m, key=key: f"{key}: {m}")


@pytest.mark.parametrize(("cell", "kind"), BATCHED)
@settings(max_examples=25, deadline=None)
@given(sizes=SIZES, scored=st.integers(1, 3), seed=st.integers(0, 99), late=st.booleans(), numbers=st.integers(1, 999))
def test_the_batched_runs_of_gpus_equal_the_generic_ones(cell, kind, sizes, scored, seed, late, numbers):
    cell, scored = cell(hidden=sizes[4]), min(scored, sizes[1])
    params, x, start = problem(cell, sizes, seed)
    start = start if late else torch.zeros_like(start)
    generic, batched_run = autograd_tape(cell, params, x, start, scored), kind.of(params, x, start, scored)
    close = {"rtol": 1e-10, "atol": 1e-12}
    torch.testing.assert_close(batched_run.states, generic.states, **close)
    with mock.patch.object(batched, "_PIECE_NUMBERS", numbers):
        torch.testing.assert_close(batched.states(kind, params, x, start, scored), generic.states, **close)
    d_states = torch.randn(generic.states.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    gradient = generic.pullback(d_states)
    for _ in range(2):  # also when it is asked again
        found = batched_run.backward(d_states)
        assert found.keys() == gradient.keys()
        for key, value in gradient.items():
            torch.testing.assert_close(found[key], value, **close, msg=lambda m, key=key: f"{key}: {m}")


@pytest.fixture
def cell_kernels(monkeypatch):
    """On a CPU torch has no kernels of an LSTM cell."""
    monkeypatch.setattr(
        lstm_batched, "_kernels", lambda: lstm_batched.Kernels(references.lstm_cell, references.lstm_cell_backward)
    )
    monkeypatch.setattr(lstm_batched, "_known", {})


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("sizes", [(3, 9, 5, 2, 7), (1, 1, 1, 1, 1), (2, 4, 3, 3, 2)])
def test_the_run_of_torchs_cell_equals_the_generic_one(cell_kernels, sizes, late):
    params, x, start = problem(LSTM(sizes[4]), sizes)
    start = start if late else torch.zeros_like(start)
    scored = min(2, sizes[1])
    generic, own = (
        autograd_tape(LSTM(sizes[4]), params, x, start, scored),
        lstm_batched.CellRun.of(params, x, start, scored),
    )
    torch.testing.assert_close(own.states, generic.states, rtol=1e-10, atol=1e-12)
    d_states = torch.randn(generic.states.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found, wanted = own.backward(d_states), generic.pullback(d_states)
    for key, value in wanted.items():
        torch.testing.assert_close(found[key], value, rtol=1e-10, atol=1e-12)


def test_torchs_cell_is_used_where_it_computes_what_it_says(cell_kernels, monkeypatch):
    x = torch.zeros(1, 1, 1, 1)
    assert lstm_batched.kind(x) is lstm_batched.CellRun
    assert lstm_batched._known == {"cpu": True}

    def other_order(gates, recurrent, before):
        return references.lstm_cell(gates.roll(1, 1), recurrent, before)

    for forward in (other_order, torch.ops.aten._thnn_fused_lstm_cell):  # the last has no CPU kernel
        monkeypatch.setattr(
            lstm_batched, "_kernels", lambda f=forward: lstm_batched.Kernels(f, references.lstm_cell_backward)
        )
        monkeypatch.setattr(lstm_batched, "_known", {})
        assert lstm_batched.kind(x) is gated_batched.LSTMRun


@pytest.mark.parametrize("name", CELLS)
def test_float32_is_the_rounding_of_float64(name):
    cell = complete(CELLS[name](hidden=20))
    params, x, start = problem(cell, (2, 30, 10, 3, 20))
    single = {k: v.float() for k, v in params.items()}
    exact, rounded = cell.tape(params, x, start, 1), cell.tape(single, x.float(), start, 1)
    largest = max(1.0, float(exact.states.abs().max()))  # a rectified unit has no bound
    torch.testing.assert_close(rounded.states.double(), exact.states, rtol=0, atol=1e-4 * largest)


@pytest.mark.parametrize("name", CELLS)
def test_padding_at_the_front_changes_nothing(name):
    cell = complete(CELLS[name](hidden=6))
    params, x, _ = problem(cell, (1, 8, 3, 2, 6))
    none = torch.zeros(1, 3, dtype=torch.int64)
    padded = torch.cat([torch.zeros(1, 4, 3, 2, dtype=x.dtype), x], 1)
    one = cell.tape(params, x, none, 2)
    other = cell.tape(params, padded, none + 4, 2)
    torch.testing.assert_close(other.states, one.states, rtol=1e-12, atol=1e-14)
    d = torch.ones_like(one.states)
    for key, value in one.pullback(d).items():
        torch.testing.assert_close(other.pullback(d)[key], value, rtol=1e-10, atol=1e-12)


def with_one_bias(layer, params):
    """A layer of torch with the weights of a cell, and zeros as its second bias."""
    with torch.no_grad():
        layer.weight_ih_l0.copy_(params["W_xh"][0].T)
        layer.weight_hh_l0.copy_(params["W_hh"][0].T)
        layer.bias_ih_l0.copy_(params["b_h"][0])
        layer.bias_hh_l0.zero_()
    return layer


def test_lstm_is_torchs_with_one_bias():
    cell = complete(LSTM(hidden=5))
    params, x, _ = problem(cell, (1, 7, 4, 3, 5))
    with torch.no_grad():
        expected = with_one_bias(torch.nn.LSTM(3, 5, dtype=torch.float64), params)(x[0])[0]
    start = torch.zeros(1, 4, dtype=torch.int64)
    torch.testing.assert_close(cell.states(params, x, start, 7)[0], expected)


@pytest.mark.parametrize(("hidden", "batch", "own"), [(32, 100, True), (24, 50, True), (23, 100, False), (100, 50, True), (101, 100, False), (32, 49, False)])  # fmt: skip
def test_the_sizes_alone_choose_the_kernels_of_an_lstm(hidden, batch, own):
    for replicas in (1, 2):
        params, x, start = problem(LSTM(hidden), (replicas, 3, batch, 2, hidden), dtype=torch.float32)
        with mock.patch.object(gated, "GatedRuns", side_effect=gated.GatedRuns) as used:
            tape = LSTM(hidden).tape(params, x, start, 1)
        assert used.called == own
        generic = autograd_tape(LSTM(hidden), params, x, start, 1)
        d = torch.ones_like(generic.states)
        torch.testing.assert_close(tape.states, generic.states, rtol=1e-4, atol=1e-5)
        for name, value in generic.pullback(d).items():
            torch.testing.assert_close(tape.pullback(d)[name], value, rtol=1e-3, atol=1e-3)


def test_gates_that_are_shut_or_open_stay_so():
    """Where a logistic function is at its end, states and derivatives are those of torch up to float32's rounding."""
    cell = LSTM(hidden=32)
    params, x, start = problem(cell, (1, 50, 100, 2, 32), dtype=torch.float32)
    params["b_h"][:, :96] += torch.tensor([-12.0, 15.0, -20.0, 20.0, 0.0, 9.0]).repeat(16)
    tape, generic = cell.tape(params, x, start, 1), autograd_tape(cell, params, x, start, 1)
    d = torch.ones_like(generic.states)
    torch.testing.assert_close(tape.states, generic.states, rtol=1e-4, atol=1e-4)
    for name, value in generic.pullback(d).items():
        scale = value.abs().max()
        torch.testing.assert_close(tape.pullback(d)[name] / scale, value / scale, rtol=1e-3, atol=1e-4)


def test_relu_net_is_torchs_with_one_bias():
    cell = complete(ReluRNN(hidden=5))
    params, x, start = problem(cell, (1, 7, 4, 3, 5))
    start, d = torch.zeros_like(start), torch.randn(7, 4, 5, dtype=torch.float64)
    torchs = with_one_bias(torch.nn.RNN(3, 5, nonlinearity="relu", dtype=torch.float64), params)
    hidden = torchs(x[0])[0]
    hidden.backward(d)
    tape = cell.tape(params, x, start, 7)
    torch.testing.assert_close(tape.states[0], hidden.detach())
    gradient = tape.pullback(d.unsqueeze(0))
    torch.testing.assert_close(gradient["W_hh"][0], torchs.weight_hh_l0.grad.T)
    torch.testing.assert_close(gradient["W_xh"][0], torchs.weight_ih_l0.grad.T)


@pytest.mark.parametrize(("name", "twin"), [("lru", references.lru), ("mingru", references.mingru)])
def test_linear_recurrences_are_the_sums_of_their_twins(name, twin):
    cell = complete(CELLS[name](hidden=5))
    params, x, start = problem(cell, (1, 9, 3, 2, 5))
    states = cell.states(params, x, torch.zeros_like(start), 9)[0].numpy()
    for b in range(3):
        expected = twin({key: value[0].numpy() for key, value in params.items()}, x[0, :, b].numpy(), 2)
        np.testing.assert_allclose(states[:, b], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("cells", "blocks", "inputs", "outputs", "weights"), [(4, 2, 2, 1, 93), (4, 2, 8, 4, 156), (6, 3, 8, 8, 308)]
)
def test_the_lstm_of_1997_has_as_many_weights_as_in_the_paper(cells, blocks, inputs, outputs, weights):
    """Of experiments 4, 6a and 6b (its table 10)."""
    shapes = Model(LSTM1997(cells, blocks), inputs, outputs, 1).shapes()
    assert sum(math.prod(shape) for shape in shapes.values()) == weights


@pytest.mark.parametrize(("batch", "kind"), [(1, gated.StackedRuns), (5, gated.GatedRuns)])
def test_replicas_of_the_lstm_of_1997_have_the_same_bits_in_one_program(batch, kind, monkeypatch):
    """With single sequences all replicas are one program; each is that replica alone, in states and derivatives."""
    used = []
    for name in ("StackedRuns", "GatedRuns"):
        own = getattr(gated, name)
        monkeypatch.setattr(gated, name, lambda *given, own=own: used.append(own) or own(*given))
    cell = complete(LSTM1997(5, 2))
    params, x, start = problem(cell, (4, 23, batch, 3, 5), dtype=torch.float32)
    d = torch.randn(4, 2, batch, 5, generator=torch.Generator().manual_seed(0))
    together = cell.tape(params, x, start, 2)
    assert used == [kind]
    found = together.pullback(d)
    for r in range(4):
        own = {name: value[r : r + 1] for name, value in params.items()}
        alone = cell.tape(own, x[r : r + 1], start[r : r + 1], 2)
        assert torch.equal(alone.states[0], together.states[r])
        for name, value in alone.pullback(d[r : r + 1]).items():
            assert torch.equal(value[0], found[name][r])


def test_the_lstm_of_1997_carries_errors_back_unchanged_and_truncates_all_others():
    """Its derivatives are those of finite differences of a sequence in which each u_{t-1} is kept as it was."""
    cell = complete(LSTM1997(5, 2))
    params, x, start = problem(cell, (1, 9, 3, 2, 5))
    d = torch.randn(1, 2, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = cell.tape(params, x, start, 2).pullback(d)
    p = {name: value[0].numpy() for name, value in params.items()}
    kept = references.lstm_1997(p, x[0].numpy(), start[0].numpy(), 2)[1]

    def loss(moved):
        return float(
            (references.lstm_1997(moved, x[0].numpy(), start[0].numpy(), 2, kept)[0][-2:] * d[0].numpy()).sum()
        )

    assert len(found) == 3
    for name, value in p.items():
        direction = np.random.default_rng(0).standard_normal(value.shape)
        one, other = (loss(p | {name: value + sign * 1e-5 * direction}) for sign in (1, -1))
        assert float((found[name][0].numpy() * direction).sum()) == pytest.approx((one - other) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize("steps", [1, 2, 7, 8, 9])
def test_scans_by_sweeps_and_by_steps_are_one(constant, dtype, steps):
    """The sweeps are what a GPU computes. The derivatives are those of finite differences."""
    random = torch.Generator().manual_seed(0)
    a = torch.randn((2, 1, 1, 3) if constant else (2, steps, 4, 3), dtype=dtype, generator=random)
    b = torch.randn(2, steps, 4, 3, dtype=dtype, generator=random)
    for reverse in (False, True):
        torch.testing.assert_close(linear_scan.by_sweeps(a, b, reverse), linear_scan.by_steps(a, b, reverse))
    assert torch.autograd.gradcheck(linear_scan.scan, (a.requires_grad_(), b.requires_grad_()))
    with mock.patch.object(linear_scan, "by_steps", linear_scan.by_sweeps):
        assert torch.autograd.gradcheck(linear_scan.scan, (a, b))


def test_gru_is_torchs_with_one_bias():
    cell = complete(GRU(hidden=5))
    params, x, _ = problem(cell, (1, 7, 4, 3, 5))
    torchs = with_one_bias(torch.nn.GRU(3, 5, dtype=torch.float64), params)
    hidden = torchs(x[0])[0]
    start, d = torch.zeros(1, 4, dtype=torch.int64), torch.randn(7, 4, 5, dtype=torch.float64)
    hidden.backward(d)
    tape = cell.tape(params, x, start, 7)
    torch.testing.assert_close(tape.states[0], hidden.detach())
    gradient = tape.pullback(d.unsqueeze(0))
    torch.testing.assert_close(gradient["W_hh"][0], torchs.weight_hh_l0.grad.T)
    torch.testing.assert_close(gradient["W_xh"][0], torchs.weight_ih_l0.grad.T)


def test_leak_one_is_a_plain_net():
    params, x, start = problem(TanhRNN(hidden=6), (2, 9, 3, 2, 6))
    plain, leaky = unroll(TanhRNN(6), params, x, start)[0], unroll(Reservoir(6, leak=1.0), params, x, start)[0]
    torch.testing.assert_close(plain, leaky)


def test_operations_are_counted():
    params, _, _ = problem(TanhRNN(hidden=10), (1, 1, 1, 3, 10))
    assert complete(TanhRNN(10)).flops(params) == 2 * 10 * 3 + 2 * 10 * 10
    sparse = params | {"W_hh": torch.eye(10, dtype=torch.float64).unsqueeze(0)}
    assert complete(Reservoir(10)).flops(sparse) == 2 * 10 * 3 + 2 * 10
    assert complete(LSTM(10)).flops(problem(LSTM(10), (1, 1, 1, 3, 10))[0]) == 4 * (2 * 10 * 3 + 2 * 10 * 10)


@pytest.mark.parametrize("parts", [1, 2])
def test_a_torch_module_with_a_step_is_a_cell(parts):
    """Its states and gradients are those of torch's own loop, replica by replica."""
    kind, own_start = {1: (torch.nn.GRUCell, {}), 2: (torch.nn.LSTMCell, {"start": zero_start(2)})}[parts]
    shapes, drive, step = of_module(lambda cell, n_inputs: kind(n_inputs, cell.hidden))
    wrapped = type("Wrapped", (), {"hidden": 5, "shapes": shapes, "drive": drive, "step": step, **own_start})
    cell, (replicas, steps, batch, inputs) = complete(wrapped()), (2, 7, 4, 3)
    params, x, _ = problem(cell, (replicas, steps, batch, inputs, 5))
    tape = cell.tape(params, x, torch.zeros(replicas, batch, dtype=torch.int64), 1)
    gradient = tape.pullback(torch.ones_like(tape.states))
    for r in range(replicas):
        module, state = kind(inputs, 5, dtype=torch.float64), None
        module.load_state_dict({name: value[r] for name, value in params.items()})
        for row in x[r]:
            state = module(row, state)
        hidden = state[0] if parts == 2 else state
        hidden.sum().backward()
        torch.testing.assert_close(tape.states[r, 0], hidden.detach())
        for name, value in module.named_parameters():
            torch.testing.assert_close(gradient[name][r], value.grad)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("leak", [1.0, 0.3])
@pytest.mark.parametrize(("batch", "inputs"), [(1, 2), (17, 0), (401, 3), (5, 60)])
def test_sparse_products_give_the_states_of_the_definition(dtype, leak, batch, inputs):
    """Where the batch is cut into groups, padded to whole registers, and where the inputs have a product of their own."""
    cell = Reservoir(50, leak)
    params, x, start = problem(cell, (1, 6, batch, inputs, 50))
    params["W_hh"] *= torch.rand(50, 50, generator=torch.Generator().manual_seed(0)) < 0.1
    exact = unroll(cell, params, x, start)[0][:, -3:]
    found = cell.states({name: p.to(dtype) for name, p in params.items()}, x.to(dtype), start, 3)
    assert found.dtype == dtype
    torch.testing.assert_close(found.double(), exact, rtol=0, atol=1e-5 if dtype == torch.float32 else 1e-12)


@pytest.mark.parametrize("cell", [LSTM1997(4), Reservoir(4)])
def test_kernels_of_a_cpu_leave_other_devices_to_the_definition(cell):
    params, x, start = problem(cell, (1, 3, 2, 2, 4))
    elsewhere = x.to("meta")  # a device without numbers
    assert cell.states(params, elsewhere, start, 1) is None
    assert not hasattr(cell, "tape") or cell.tape(params, elsewhere, start, 1) is None


def test_a_module_with_a_buffer_is_no_cell():
    class Masked(torch.nn.GRUCell):
        def __init__(self, *sizes):
            super().__init__(*sizes)
            self.register_buffer("mask", torch.ones(3))

    shapes, *_ = of_module(lambda cell, n_inputs: Masked(n_inputs, cell.hidden))
    with pytest.raises(LonglagError, match=r"Masked has the buffer 'mask', .* compute the buffer in its forward"):
        shapes(SmallLSTM(3), 2)


def test_a_layer_of_torch_is_no_cell():
    shapes, *_ = of_module(lambda cell, n_inputs: torch.nn.GRU(n_inputs, cell.hidden))
    with pytest.raises(LonglagError, match=r"^GRU is a layer, which reads whole sequences; .* nn\.GRUCell$"):
        shapes(SmallLSTM(3), 2)


class Forgetful(torch.nn.GRUCell):
    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.dropout = torch.nn.Dropout(0.5)

    def forward(self, x, state):
        return self.dropout(super().forward(x, state))


def test_a_module_that_draws_random_numbers_is_no_cell_until_it_is_evaluated():
    shapes, *_ = of_module(lambda cell, n_inputs: Forgetful(n_inputs, cell.hidden))
    with pytest.raises(LonglagError, match=r"Dropout\(p=0.5, .* of Forgetful draws random numbers, which no seed"):
        shapes(SmallLSTM(3), 2)
    shapes, *_ = of_module(lambda cell, n_inputs: Forgetful(n_inputs, cell.hidden).eval())
    assert set(shapes(SmallLSTM(3), 2)) == {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}


class Pair(torch.nn.GRUCell):
    def forward(self, x, state):
        h = super().forward(x, state)
        return h, h


@pytest.mark.parametrize("kind", [torch.nn.LSTMCell, Pair])
def test_a_state_of_several_parts_asks_for_its_start(kind):
    shapes, drive, step = of_module(lambda cell, n_inputs: kind(n_inputs, cell.hidden))
    cell = complete(type("Wrapped", (), {"hidden": 5, "shapes": shapes, "drive": drive, "step": step})())
    params, x, start = problem(cell, (1, 3, 2, 2, 5))
    with pytest.raises(LonglagError, match=rf"{kind.__name__} has 2 parts, .* write start = zero_start\(2\)"):
        unroll(cell, params, x, start)
