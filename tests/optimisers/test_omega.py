"""The term against vanishing gradients: its derivative is that of the definition, and it is added to the task's."""

import pytest
import torch

import references
from longlag.cells import tanh_batched
from longlag.cells.base import unroll
from longlag.cells.lstm import LSTM
from longlag.cells.tanh_rnn import TanhRNN
from longlag.errors import LonglagError
from longlag.losses import CrossEntropy
from longlag.model import Model
from longlag.objective import Meter, Objective, Tensors
from longlag.optimisers.omega import Omega

STEPS, BATCH = 9, 130  # taken in two pieces


@pytest.fixture(params=[1, 3])
def problem(request):
    """Model, parameters and batch in float64; some sequences start late."""
    random = torch.Generator().manual_seed(0)
    model = Model(TanhRNN(5), 2, 3, request.param)
    params = {n: torch.randn(1, *s, dtype=torch.float64, generator=random) / 2 for n, s in model.shapes().items()}
    start = (torch.arange(BATCH) % 4).reshape(1, BATCH)
    x = torch.randn(1, STEPS, BATCH, 2, dtype=torch.float64, generator=random)
    y = torch.randint(3, (1, request.param, BATCH), generator=random)
    return model, params, Tensors(x, start, y)


def errors(model, params, batch):
    """h and dE/da [T, B, H] by automatic differentiation, through zeros added to the drive."""
    drive = model.cell.drive(params, batch.x)
    probe = torch.zeros_like(drive, requires_grad=True)

    class Probed:
        hidden, shapes, step = 5, model.cell.shapes, staticmethod(model.cell.step)

        def drive(self, params, x):
            return drive + probe

    states, _ = unroll(Probed(), params, batch.x, batch.start)
    loss = CrossEntropy(3).value(model.read(params, states[:, -model.scored :]), batch.y).sum()
    return states[0].detach(), torch.autograd.grad(loss, probe)[0][0]


def test_its_gradient_is_the_immediate_derivative_of_the_definition(problem):
    model, params, batch = problem
    meter = Meter.zero(1)
    objective = Objective(model, CrossEntropy(3), batch, meter)
    plain_loss, plain = objective.value_and_grad(params)
    meter.passes.zero_()
    loss, gradient = objective.regularised(params, Omega(alpha=0.3))
    assert float(meter.passes) == 4 * BATCH
    torch.testing.assert_close(loss, plain_loss)
    w = params["W_hh"][0].clone().requires_grad_()
    value = references.omega(w, *errors(model, params, batch), batch.start[0])
    (expected,) = torch.autograd.grad(0.3 * value, w)
    torch.testing.assert_close(gradient["W_hh"][0] - plain["W_hh"][0], expected)
    for name in plain.keys() - {"W_hh"}:
        torch.testing.assert_close(gradient[name], plain[name])


def test_a_step_against_it_brings_the_lengths_of_errors_nearer_to_one_another(problem):
    model, params, batch = problem
    h, d = errors(model, params, batch)
    term = Objective(model, CrossEntropy(3), batch, Meter.zero(1))
    gradient = term.regularised(params, Omega(1.0))[1]["W_hh"] - term.value_and_grad(params)[1]["W_hh"]
    moved = params["W_hh"] - 1e-3 / gradient.norm() * gradient
    before, after = (references.omega(w[0], h, d, batch.start[0]) for w in (params["W_hh"], moved))
    assert after < before


def test_errors_on_a_gpu_are_those_on_a_cpu(problem):
    model, params, batch = problem
    d = torch.randn(1, model.scored, BATCH, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    given = params, batch.x, batch.start, model.scored
    torch.testing.assert_close(tanh_batched.linearise(*given).errors(d), model.cell.tape(*given).errors(d))


def test_the_term_is_for_the_tanh_net(problem):
    _, _, batch = problem
    model = Model(LSTM(5), 2, 3, batch.y.shape[1])
    params = {name: torch.zeros(1, *shape, dtype=torch.float64) for name, shape in model.shapes().items()}
    with pytest.raises(LonglagError, match="use cell TanhRNN"):
        Objective(model, CrossEntropy(3), batch, Meter.zero(1)).regularised(params, Omega())


def test_vanished_errors_and_single_steps_have_no_term(problem):
    _, params, batch = problem
    states = torch.zeros(1, STEPS, BATCH, 5, dtype=torch.float64)
    assert not Omega().gradient(params, states, states, batch.start)["W_hh"].any()
    assert not Omega().gradient(params, states[:, :1], states[:, :1] + 1, batch.start)["W_hh"].any()
