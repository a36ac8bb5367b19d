"""Mini-batches of a large batch give its loss, gradient and curvature, exactly where docs/hessian-free.md says so."""

import copy
import re
from functools import partial

import pytest
import torch
from named_losses import LOSSES, WEIGHTS, cross, made
from nets import (
    B,
    C,
    Recurrent,
    T,
    X,
    assert_product_is_dense,
    classes,
    dense,
    double,
    learner,
    normal,
    oracle,
    problem,
    product,
)
from torch import nn
from torch.nn.functional import cross_entropy

from longlag.torch_optim.criteria import criterion

MODULES = [name for name, (loss, _) in LOSSES.items() if isinstance(loss, nn.Module)]


@pytest.mark.parametrize("structural", [0.0, 0.7])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", MODULES)
def test_mini_batches_are_one_batch(name, reduction, structural):
    """Of unequal size, with weights and ignored targets: loss, gradient, product."""
    net, loss, x, y = made(name)
    loss = copy.copy(loss)
    loss.reduction = reduction
    opt = learner(net, loss, hidden=[m for m in net.modules() if isinstance(m, nn.RNN)], structural_damping=1.0)
    parts = [(x[:1], y[:1]), (x[1:2], y[1:2]), (x[2:], y[2:])]  # all targets of the second are ignored at times
    params = {name: p.detach().clone().unsqueeze(0) for name, p in opt._trained().items()}
    whole = oracle(opt, lambda: (net(x), y)).value_and_grad(params)
    split = oracle(opt, lambda x, y: (net(x), y), parts).value_and_grad(params)
    torch.testing.assert_close(split, whole, rtol=1e-10, atol=1e-12)
    v = normal(sum(p.numel() for p in opt._trained().values()))
    one = product(opt, lambda: (net(x), y), v, structural=structural)
    many = product(opt, lambda x, y: (net(x), y), v, parts, structural=structural)
    torch.testing.assert_close(many, one, rtol=1e-10, atol=1e-12)


def assert_pieces_are_whole(net, loss, whole, pieces):
    """Loss, gradient and product of mini-batches are those of one batch."""
    opt = learner(net, loss)
    params = {name: p.detach().clone().unsqueeze(0) for name, p in opt._trained().items()}
    v = normal(sum(p.numel() for p in opt._trained().values()))
    found = []
    for batches in ([whole], pieces):
        answer = oracle(opt, lambda x, y: (net(x), y), batches)
        found.append((answer.value_and_grad(params), product(opt, lambda x, y: (net(x), y), v, batches)))
    torch.testing.assert_close(found[1], found[0], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("kind", [nn.CrossEntropyLoss, nn.MSELoss])
def test_mini_batches_of_sequences_of_unequal_length_are_one_batch(kind, reduction):
    """Against the padded whole, whose padding a loss of classes ignores; of squares, pieces count by their entries."""
    net, loss, x = double(Recurrent(every_step=True)), kind(reduction=reduction), normal(B, T, X)
    if kind is nn.CrossEntropyLoss:
        y = classes(B, T)
        y[:2, 4:] = -100
        assert_pieces_are_whole(net, loss, (x, y), [(x[:2, :4], y[:2, :4]), (x[2:], y[2:])])
    else:
        y = normal(B, C, T)
        assert_pieces_are_whole(net, loss, (x, y), [(x[:1], y[:1]), (x[1:], y[1:])])


class Rated(nn.MSELoss):
    """A user's subclass that weighs the outputs, and divides by the weights."""

    def forward(self, outputs, targets):
        rates = torch.arange(1.0, 1 + outputs.shape[1], dtype=outputs.dtype)
        return ((outputs - targets).square() * rates).sum(1).mean() / rates.sum()


class Late(nn.CrossEntropyLoss):
    """A user's subclass with weights of its own for the rows, reduced by itself."""

    def __init__(self):
        super().__init__(reduction="none")

    def forward(self, outputs, targets):
        return (super().forward(outputs, targets) * (1 + targets)).mean()


class Summed(nn.MSELoss):
    def __init__(self):
        super().__init__(reduction="sum")

    def forward(self, outputs, targets):
        return 3 * super().forward(outputs, targets)


def quartic(outputs, targets, scale=1.0, reduction="mean"):
    each = scale * (outputs - targets).pow(4).sum(1)
    return each.sum() if reduction == "sum" else each.mean()


def hooked():
    loss = nn.MSELoss()
    loss.register_forward_hook(lambda module, given, value: 3 * value)
    return loss


def replaced():
    loss = nn.MSELoss()
    loss.forward = lambda outputs, targets: 3 * (outputs - targets).square().mean()
    return loss


OWN = {
    "subclass": (Rated(), normal(B, C, seed=5)),
    "subclass without reduction": (Late(), classes(B)),
    "subclass of a sum": (Summed(), normal(B, C, seed=5)),
    "hook": (hooked(), normal(B, C, seed=5)),
    "forward replaced": (replaced(), normal(B, C, seed=5)),
    "partial of a sum": (partial(quartic, reduction="sum"), normal(B, C, seed=5)),
    "partial of a mean": (partial(quartic, scale=0.1), normal(B, C, seed=5)),
}


@pytest.mark.parametrize("name", OWN)
def test_losses_of_one_s_own_are_not_taken_for_those_of_torch(name):
    """Their product is that of what they compute. Means over rows that count alike, and sums, may be cut."""
    net, (loss, y), x = double(Recurrent()), OWN[name], normal(B, T, X)
    assert not criterion(loss).known
    assert_product_is_dense(learner(net, loss), lambda: (net(x), y), dense(net, lambda m: m(x), lambda z: loss(z, y)))
    assert_pieces_are_whole(net, loss, (x, y), [(x[:1], y[:1]), (x[1:], y[1:])])


@pytest.mark.parametrize(
    "loss",
    [
        partial(cross_entropy, ignore_index=-100),
        partial(cross_entropy, weight=WEIGHTS, label_smoothing=0.1),
        partial(partial(cross_entropy, reduction="sum"), weight=WEIGHTS),
    ],
    ids=["ignored", "weighted", "summed"],
)
def test_partials_of_torch_s_functions_are_cut_as_its_losses(loss):
    net, x, y = double(Recurrent(every_step=True)), normal(B, T, X), classes(B, T)
    y[:2, 4:] = -100
    assert_pieces_are_whole(net, loss, (x, y), [(x[:2, :4], y[:2, :4]), (x[2:], y[2:])])


def test_a_mean_over_something_else_than_rows_is_not_exact_in_pieces():
    """The condition that docs/hessian-free.md states."""
    net, x, y = double(Recurrent()), normal(B, T, X), classes(B)
    own = lambda z, y: cross_entropy(z, y, weight=WEIGHTS)  # noqa: E731 - divides by the weights of the targets, as only known losses say
    with pytest.raises(AssertionError):
        assert_pieces_are_whole(net, own, (x, y), [(x[:1], y[:1]), (x[1:], y[1:])])
    assert_pieces_are_whole(net, cross(weight=WEIGHTS), (x, y), [(x[:1], y[:1]), (x[1:], y[1:])])


def test_gradients_that_backward_left_are_warned_of_once():
    _, opt, closure = problem()
    outputs, targets = closure()
    nn.functional.cross_entropy(outputs, targets).backward()
    with pytest.warns(UserWarning, match=re.escape("step(closure, batches)")):
        opt.step(closure)
    opt.step(closure)  # warnings are errors here
