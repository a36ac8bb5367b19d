"""Recorded gradients: the same numbers as called ones, from buffers that stay, on a CPU and on a GPU if there is one."""

import dataclasses

import pytest
import torch

from longlag import registry
from longlag.algebra import captured
from longlag.algebra.captured import Captured
from longlag.engine.data import Data
from longlag.engine.gradients import CapturedGradient
from longlag.engine.spec import resolve
from longlag.engine.train import Block, train
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
