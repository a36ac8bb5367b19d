"""Readouts and feedback."""

import numpy as np
import pytest
import torch

from longlag.cells.gru import GRU
from longlag.cells.lstm import LSTM
from longlag.cells.mingru import MinGRU
from longlag.cells.reservoir import Reservoir
from longlag.cells.tanh_rnn import TanhRNN
from longlag.errors import LonglagError
from longlag.inits.reservoirs import DelayLine, EchoState
from longlag.losses import OneHotError, SquaredError
from longlag.model import Model, NoFeedback, OutputFeedback
from longlag.objective import Meter, Objective, Tensors
from longlag.optimisers.ridge import Ridge
from longlag.readouts import Float64, Linear, Quadratic


@pytest.mark.parametrize("readout", [Linear(), Quadratic(), Float64(Quadratic())])
def test_readout_derivatives(readout):
    h = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    v, w = torch.randn_like(h), torch.randn(2, 3, 4, readout.size(5), dtype=torch.float64)
    _, forward = torch.autograd.functional.jvp(readout.features, h, v)
    _, backward = torch.autograd.functional.vjp(readout.features, h, w)
    torch.testing.assert_close(readout.pushforward(h, v), forward)
    torch.testing.assert_close(readout.pullback(h, w), backward)


def test_a_readout_in_double_precision_keeps_small_differences_and_gives_the_cell_its_own_precision():
    model = Model(Reservoir(5), 2, 3, scored=2, readout=Float64(Quadratic()))
    assert {name: dtype for name, dtype in model.dtypes().items() if dtype == torch.float64}.keys() == {"W_hy", "b_y"}
    assert set(Model(Reservoir(5), 2, 3, 2).dtypes().values()) == {torch.float32}
    params = {name: torch.randn(1, *shape).to(model.dtypes()[name]) for name, shape in model.shapes().items()}
    x, start = torch.randn(1, 6, 4, 2), torch.zeros(1, 4, dtype=torch.int64)
    outputs = model.outputs(params, x, start)
    states = model.states(params, x, start)
    features = torch.cat([states.double(), states.double().square()], -1)
    torch.testing.assert_close(outputs, features @ params["W_hy"][0] + params["b_y"][0], rtol=1e-14, atol=1e-14)
    tape = model.tape(params, x, start)
    back = tape.pullback(torch.ones_like(tape.outputs))
    forward = tape.pushforward(params)[0]
    assert {name: value.dtype for name, value in back.items()} == model.dtypes()
    assert forward.dtype == torch.float64
    reached = sum((back[name].double() * params[name].double()).sum() for name in params)
    assert float(forward.sum()) == pytest.approx(float(reached), rel=1e-4)


def test_centring_is_a_shift_of_the_inputs():
    plain, shifted = (Model(TanhRNN(4), 2, 1, 1, shift=shift) for shift in (None, (0.5, -1.0)))
    params = {name: torch.randn(1, *shape) for name, shape in plain.shapes().items()}
    x, start = torch.randn(1, 6, 3, 2), torch.zeros(1, 3, dtype=torch.int64)
    moved = x - torch.tensor([0.5, -1.0])
    assert torch.equal(shifted.outputs(params, x, start), plain.outputs(params, moved, start))


def test_feedback_teaches_the_target_and_then_runs_on_its_own_output():
    """A reservoir without inputs learns to generate a sine from its own output (Jaeger 2001, section 3)."""
    steps, period = 300, 20
    model = Model(Reservoir(100, leak=1.0), 1, 1, steps, Linear(), OutputFeedback())
    init = EchoState(0.9, (0.0,), bias_scale=0.2, feedback_scale=1.0)
    params = {
        name: torch.tensor(value[None], dtype=torch.float32)
        for name, value in init.draw(np.random.default_rng(0), model.shapes()).items()
    }
    y = 0.5 * torch.sin(2 * torch.pi * torch.arange(steps) / period).reshape(1, steps, 1, 1)
    x, start = torch.zeros(1, steps, 1, 1), torch.zeros(1, 1, dtype=torch.int64)
    oracle = Objective(model, SquaredError(0.04), Tensors(x, start, y), Meter.zero(1))
    optimiser = Ridge(penalties=(1e-8, 1e-6))
    step = optimiser.step(lambda n, purpose="train": oracle, params, optimiser.init(params))
    free = model.outputs(step.params, x, start)
    assert float((free - y)[:, -50:].abs().max()) < 0.05  # 300 steps on its own, still in phase


def test_feedback_is_for_closed_form_readouts():
    model = Model(Reservoir(4), 1, 1, 1, feedback=OutputFeedback())
    params = {name: torch.randn(1, *shape) for name, shape in model.shapes().items()}
    with pytest.raises(LonglagError, match="closed form"):
        model.tape(params, torch.zeros(1, 3, 2, 1), torch.zeros(1, 2, dtype=torch.int64))


@pytest.mark.parametrize("cell", [GRU(4), LSTM(4), MinGRU(4)], ids=["drive", "drive and state", "state"])
def test_feedback_to_a_cell_with_several_drives_or_states_per_unit_is_refused(cell):
    model = Model(cell, 1, 1, 2, feedback=OutputFeedback())
    params = {name: torch.zeros(1, *shape) for name, shape in model.shapes().items()}
    with pytest.raises(LonglagError, match="one drive and one state per unit, such as Reservoir"):
        model.states(params, torch.zeros(1, 3, 2, 1), torch.zeros(1, 2, dtype=torch.int64))


def test_no_feedback_has_no_parameters():
    assert "W_yh" not in Model(Reservoir(4), 1, 1, 1, feedback=NoFeedback()).shapes()


def test_a_cycle_is_a_delay_line():
    drawn = DelayLine((0.01,)).draw(np.random.default_rng(0), Model(Reservoir(7), 1, 1, 1).shapes())
    assert np.array_equal(np.linalg.matrix_power(drawn["W_hh"], 7), np.eye(7))
    assert not np.array_equal(np.linalg.matrix_power(drawn["W_hh"], 6), np.eye(7))
    assert set(np.abs(drawn["W_xh"]).ravel()) == {0.01}


def test_one_hot_targets_are_features_targets():
    model = Model(Reservoir(4), 1, 3, 2)
    params = {name: torch.randn(1, *shape) for name, shape in model.shapes().items()}
    y = torch.tensor([[[0, 1], [2, 0]]])
    batch = Tensors(torch.randn(1, 5, 2, 1), torch.zeros(1, 2, dtype=torch.int64), y)
    phi, wanted = Objective(model, OneHotError(3), batch, Meter.zero(1)).features(params)
    assert phi.shape == (1, 4, 4)
    assert wanted[0].argmax(1).tolist() == [0, 1, 2, 0]
