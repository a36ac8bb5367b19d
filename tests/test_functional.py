"""HessianFree on somebody's own torch module, and Jacobians by reverse mode."""

import itertools

import pytest
import torch

from longlag.algebra.jacobian import linearise
from longlag.functional import FunctionObjective, fit
from longlag.losses import CrossEntropy, SquaredError
from longlag.optimisers import SGD, HessianFree
from longlag.optimisers.damping import LevenbergMarquardt


class Net(torch.nn.Module):
    """A user's module: outputs, and the hidden states that structural damping protects."""

    def __init__(self, kind, outputs=2, protect=True):
        super().__init__()
        self.rnn, self.out, self.protect = kind(2, 12), torch.nn.Linear(12, outputs), protect

    def forward(self, x):
        hidden = self.rnn(x)[0]
        return (self.out(hidden[-1]), hidden) if self.protect else self.out(hidden[-1])


def batches(n, generator=None):
    y = torch.randint(2, (n,), generator=generator)
    x = torch.zeros(8, n, 2)
    x[0, torch.arange(n), y] = 1
    return x, y


@pytest.mark.parametrize("kind", [torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU])
def test_hessian_free_trains_a_torch_module(kind):
    torch.manual_seed(0)
    net = Net(kind)
    optimiser = HessianFree(gradient_batch=300, curvature_batch=300, damping=LevenbergMarquardt(start=0.01))
    steps = list(itertools.islice(fit(optimiser, net, CrossEntropy(2), batches, batch_axis=1), 15))
    assert float(steps[-1].loss) < 0.1 < float(steps[0].loss)
    x, y = batches(100)
    assert (net(x)[0].argmax(1) == y).all()


def test_any_other_optimiser_and_a_module_without_hidden_states():
    torch.manual_seed(0)
    net = Net(torch.nn.RNN, protect=False)
    for optimiser in (SGD(0.1, batch=20), HessianFree(gradient_batch=50, curvature_batch=20)):
        steps = list(itertools.islice(fit(optimiser, net, CrossEntropy(2), batches, batch_axis=1), 3))
        assert all(torch.isfinite(step.loss).all() for step in steps)


@pytest.mark.parametrize("structural", [0.0, 0.5])
def test_products_equal_the_dense_gauss_newton_matrix(structural):
    torch.manual_seed(0)
    net = Net(torch.nn.RNN, outputs=1).double()
    x, _ = batches(7)
    x, y = x.double(), torch.randn(7, 1, dtype=torch.float64)
    names = [name for name, _ in net.named_parameters()]
    shapes = [p.shape for p in net.parameters()]

    def forward(p, x):
        return torch.func.functional_call(net, dict(p), (x,))

    def split(vector):
        pieces = vector.split([shape.numel() for shape in shapes])
        return {name: piece.reshape(shape) for name, piece, shape in zip(names, pieces, shapes, strict=True)}

    flat = torch.cat([p.detach().flatten() for p in net.parameters()])
    jacobians = [
        torch.autograd.functional.jacobian(lambda v, k=k: forward(split(v), x)[k].flatten(), flat) for k in (0, 1)
    ]
    dense = 2 / 7 * jacobians[0].T @ jacobians[0] + structural / 7 * jacobians[1].T @ jacobians[1]
    oracle = FunctionObjective(forward, SquaredError(0.04), x, y, batch_axis=1)
    params = {name: value.unsqueeze(0) for name, value in split(flat).items()}
    product = oracle.gauss_newton(params, structural)
    v = torch.randn(len(flat), dtype=torch.float64)
    found = product({name: value.unsqueeze(0) for name, value in split(v).items()})
    torch.testing.assert_close(torch.cat([found[name].flatten() for name in names]), dense @ v, rtol=1e-10, atol=1e-12)
    assert len(oracle.head(3)) == 3


def test_linearisation_of_a_function_that_ignores_a_parameter():
    params = {"a": torch.randn(1, 3, dtype=torch.float64), "unused": torch.randn(1, 2, dtype=torch.float64)}
    line = linearise(lambda p: (p["a"].square(),), params)
    v = {name: torch.ones_like(value) for name, value in params.items()}
    torch.testing.assert_close(line.pushforward(v)[0], 2 * params["a"])
    assert not line.pullback((torch.ones(1, 3, dtype=torch.float64),))["unused"].any()
