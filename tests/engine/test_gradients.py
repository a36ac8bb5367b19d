"""Recorded gradients: the same numbers as called ones, from buffers that stay, on a CPU and on a GPU if there is one."""

import dataclasses
import gc
import weakref

import pytest
import torch

from longlag import registry
from longlag.algebra import captured, tree
from longlag.algebra.captured import Captured
from longlag.cells import lstm_batched
from longlag.cells.base import autograd_tape, complete
from longlag.cells.gru import GRU
from longlag.cells.lstm import LSTM
from longlag.cells.relu_rnn import ReluRNN
from longlag.cells.tanh_rnn import TanhRNN
from longlag.engine.block import Block
from longlag.engine.data import Data
from longlag.engine.gradients import CapturedGradient
from longlag.engine.spec import resolve
from longlag.engine.train import train
from longlag.store.records import Row
from test_contracts import lasting
from toy import spec

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
GRADIENT = [name for name in registry.names("methods") if hasattr(
    registry.get("methods", name).build(registry.get("tasks", "adding").traits, 10).optimiser, "clipping")]  # fmt: skip


def block(method, device="cpu", gradient=True, **changes):
    setup = resolve(spec(method, seeds=(0, 1, 2), block=3, device=device, **changes))
    found = Block(setup, (0, 1, 2))
    own = CapturedGradient(setup.model, setup.loss) if gradient else None
    found.data = dataclasses.replace(found.data, gradient=own)
    return found


def close(a, b, tolerance=1e-3):
    for name in a:
        torch.testing.assert_close(a[name].cpu(), b[name].cpu(), rtol=tolerance, atol=tolerance / 10)


@pytest.mark.parametrize("device", DEVICES)
def test_a_program_is_recorded_once_for_its_shapes_and_its_answers_stay(device):
    calls = []

    def function(a, b):
        calls.append(a.shape)
        return (a @ b, b.view(-1))  # one output shares the memory of an input

    program = Captured(function)
    x = [torch.full((2, 2), float(n), device=device) for n in range(3)]
    first = program(x[1], x[1])
    second = program(x[2], x[2])
    assert first[0].tolist() == [[2, 2], [2, 2]]
    assert first[1].tolist() == [1] * 4
    assert second[0].tolist() == [[8, 8], [8, 8]]
    before = len(calls)
    assert program(torch.ones(3, 3, device=device), torch.ones(3, 3, device=device))[0].shape == (3, 3)
    assert program(x[0], x[2])[0].tolist() == [[0, 0], [0, 0]]
    if device == "cuda":
        assert before == 4  # three calls that warm up, one that records; replays call nothing
    assert len(program._programs) == 2


def test_a_function_that_cannot_be_recorded_is_called_with_a_warning(monkeypatch):
    def refuses(*_):
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    monkeypatch.setitem(captured._RECORDERS, "cpu", refuses)
    function = Captured(lambda a: (a + 1,))
    with pytest.warns(RuntimeWarning, match="called instead of recorded as a CUDA graph: operation not permitted"):
        (found,) = function(torch.zeros(2))
    assert found.tolist() == [1, 1]
    assert function(torch.ones(2))[0].tolist() == [2, 2]  # without another attempt or warning


@pytest.mark.parametrize("device", DEVICES)
def test_no_old_program_is_destroyed_while_another_one_is_recorded(device):
    """CUDA refuses both; when cyclic garbage is collected is up to Python."""
    old = Captured(lambda a: (a + 1,))
    old(torch.ones(2, device=device))
    old.itself = old
    dead, seen = weakref.ref(old), []
    del old

    def function(a):
        gc.set_threshold(1, 1, 1)
        held = [[] for _ in range(100)]  # each of which may start a collection
        seen.append((dead() is None, len(held)))
        return (a + 1,)

    thresholds = gc.get_threshold()
    try:
        Captured(function)(torch.ones(2, device=device))
    finally:
        gc.set_threshold(*thresholds)
    recorded = seen if device == "cuda" else seen[:1]  # without a GPU, a replay is one more call
    assert not any(collected for collected, _ in recorded)
    assert gc.isenabled()
    gc.collect()
    assert dead() is None


@pytest.mark.parametrize("task", ["adding", "temporal_order", "memorization_5bit"])
@pytest.mark.parametrize("method", GRADIENT)
def test_recorded_gradients_are_those_of_the_objective(method, task):
    setup = resolve(spec(method, task, seeds=(0, 1), block=2))
    data = Data(setup, (0, 1))
    params = data.start()
    program = CapturedGradient(setup.model, setup.loss)
    with torch.no_grad():
        for k in (1, 2):
            batch = data.batch("train", k, 10)
            loss, gradient = program(params, batch)
            wanted_loss, wanted = data.objective(batch).value_and_grad(params)
            assert torch.equal(loss, wanted_loss)
            assert all(torch.equal(gradient[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize("method", GRADIENT)
def test_a_run_with_recorded_gradients_has_the_rows_of_one_without(method):
    with torch.no_grad():
        rows = [
            [lasting(e) for e in block(method, gradient=own).train() if isinstance(e, Row)] for own in (True, False)
        ]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("device", DEVICES)
def test_norms_are_those_of_each_replica(device):
    """On a GPU by one reduction for each parameter."""
    shapes = {"W_hh": (3, 5, 7), "b_h": (3, 7), "b_y": (3, 1)}
    a, b = ({name: torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for name, shape in shapes.items()}
            for seed in (0, 1))  # fmt: skip
    wanted = [sum(float((a[k][r].double() * b[k][r].double()).sum()) for k in a) for r in range(3)]
    found = tree.dot({k: v.to(device) for k, v in a.items()}, {k: v.to(device) for k, v in b.items()})
    assert found.dtype == torch.float64
    assert found.tolist() == pytest.approx(wanted, rel=1e-12)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("cell", [TanhRNN(7), ReluRNN(7), GRU(7), LSTM(7)])
@pytest.mark.parametrize("late", [False, True])
def test_hand_written_kernels_on_a_gpu_are_those_of_automatic_differentiation(cell, late):
    """In float64, whose rounding hides nothing; states without derivatives as well."""
    cell = complete(cell)
    draw = torch.Generator().manual_seed(0)
    params = {
        k: 0.5 * torch.randn(3, *shape, generator=draw, dtype=torch.float64) for k, shape in cell.shapes(2).items()
    }
    start = torch.randint(0, 9 if late else 1, (3, 5), generator=draw)
    x, d = (torch.randn(3, *shape, generator=draw, dtype=torch.float64) for shape in ((20, 5, 2), (2, 5, 7)))
    tape = cell.tape({k: v.cuda() for k, v in params.items()}, x.cuda(), start.cuda(), 2)
    wanted = autograd_tape(cell, params, x, start, 2)
    states = cell.states({k: v.cuda() for k, v in params.items()}, x.cuda(), start.cuda(), 2)
    for found in (tape.states, states):
        torch.testing.assert_close(found.cpu(), wanted.states, rtol=1e-9, atol=1e-11)
    close(tape.pullback(d.cuda()), wanted.pullback(d), 1e-8)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_has_the_kernels_of_torchs_lstm_cell():
    assert lstm_batched.works(torch.device("cuda"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("task", ["adding", "temporal_order", "memorization_5bit"])
@pytest.mark.parametrize("method", GRADIENT)
def test_updates_on_a_gpu_are_those_on_a_cpu(method, task):
    ends = []
    for device, gradient in (("cpu", False), ("cuda", False), ("cuda", True)):
        one = block(method, device, gradient, task=task)
        with torch.no_grad():
            for _ in range(3):
                list(one.advance())
        ends.append(one.state.params)
    close(ends[1], ends[0])
    close(ends[2], ends[0])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("method", registry.names("methods"))
def test_every_method_runs_to_rows_on_a_gpu(method):
    setup = resolve(spec(method, seeds=(0, 1), device="cuda"))
    rows = [event for event in train(setup) if isinstance(event, Row)]
    assert [row.seed for row in sorted(rows, key=lambda row: row.seed)] == [0, 1]
    assert all(row.status in ("solved", "budget") and row.device.startswith("cuda") for row in rows)
