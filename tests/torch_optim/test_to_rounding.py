"""Training to the last digit of the loss, and beyond: no exception, and no damping that ends learning."""

import pytest
import torch
from torch import nn

from longlag.errors import LonglagError
from longlag.torch_optim import HessianFree

SIGNS = {nn.SoftMarginLoss: (-1.0, 1.0)}


def separable(columns, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(100, 2, dtype=dtype, generator=generator)
    return x, (x[:, :columns] > 0).to(dtype)


def train(net, loss, x, y, steps, opt=None):
    opt = opt or HessianFree(net.parameters(), loss=loss)
    return [float(opt.step(lambda: (net(x), y))) for _ in range(steps)], opt


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "loss",
    [
        nn.CrossEntropyLoss(),
        nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0])),
        nn.CrossEntropyLoss(ignore_index=7, reduction="sum"),
        lambda outputs, targets: nn.functional.cross_entropy(outputs, targets),
    ],
    ids=["plain", "weighted", "summed", "own"],
)
def test_cross_entropy_is_trained_until_nothing_of_it_is_left(loss, dtype):
    torch.manual_seed(0)
    x, y = separable(1, dtype)
    net = nn.Linear(2, 2, dtype=dtype)
    loss = loss.to(dtype) if isinstance(loss, nn.Module) else loss
    found, _ = train(net, loss, x, y[:, 0].long(), 60)
    assert found[-1] < 1e-5
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize(
    "loss",
    [nn.BCEWithLogitsLoss(), nn.SoftMarginLoss(), nn.MultiLabelSoftMarginLoss()],
    ids=lambda loss: type(loss).__name__,
)
def test_other_losses_that_grow_flat_are_trained_as_far(loss):
    torch.manual_seed(0)
    x, y = separable(2)
    low, high = SIGNS.get(type(loss), (0.0, 1.0))
    found, _ = train(nn.Linear(2, 2), loss, x, low + (high - low) * y, 60)
    assert found[-1] < 1e-5
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("steps", [40, 120])
def test_other_targets_are_learnt_after_a_minimum(steps):
    """At the minimum every decrease is rounding: a damping that took it for failure would grow with every step."""
    torch.manual_seed(0)
    x, y = separable(2)
    net, loss = nn.Linear(2, 2), nn.CrossEntropyLoss(label_smoothing=0.1)
    _, opt = train(net, loss, x, y[:, 0].long(), steps)
    assert opt.param_groups[0]["damping"] <= 0.1
    found, _ = train(net, loss, x, y[:, 1].long(), 15, opt)
    fresh, _ = train(nn.Linear(2, 2), loss, x, y[:, 1].long(), 40)
    assert found[-1] == pytest.approx(fresh[-1], rel=1e-3)


def linear():
    return nn.Linear(3, 1)


def deep():
    return nn.Sequential(nn.Linear(3, 40), nn.Tanh(), nn.Linear(40, 1))


@pytest.mark.parametrize(("net", "steps"), [(linear, 60), (deep, 100)])
def test_other_targets_are_learnt_after_a_loss_of_zero(net, steps):
    """A squared error near zero is made of the rounding of outputs, beside which its own is nothing."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(50 if net is linear else 20, 3, generator=generator)
    y, other = (
        (x @ torch.randn(3, 1, generator=generator)).tanh()
        if net is deep
        else x @ torch.randn(3, 1, generator=generator)
        for _ in range(2)
    )
    torch.manual_seed(0)
    net = net()
    found, opt = train(net, nn.MSELoss(), x, y, steps)
    assert found[-1] < 1e-11
    assert opt.param_groups[0]["damping"] <= 0.1
    found, _ = train(net, nn.MSELoss(), x, other, 12, opt)
    assert found[-1] < 1e-3 * found[0]


def test_outputs_of_minus_infinity_do_not_count_as_rounding():
    torch.manual_seed(0)
    x, y = separable(1)
    net, mask = nn.Linear(2, 3), torch.tensor([0.0, 0.0, -torch.inf])
    opt = HessianFree(net.parameters(), nn.CrossEntropyLoss(label_smoothing=0.0))
    found = [float(opt.step(lambda: (net(x) + mask, y[:, 0].long()))) for _ in range(5)]
    assert opt.param_groups[0]["damping"] < 0.1
    assert found[-1] < 0.5 * found[0]


def test_a_damping_that_is_far_too_large_goes_back():
    torch.manual_seed(0)
    x, y = separable(1)
    net, loss = nn.Linear(2, 2), nn.CrossEntropyLoss(label_smoothing=0.1)
    opt = HessianFree(net.parameters(), loss=loss)
    opt.param_groups[0]["damping"] = 1e12
    found, _ = train(net, loss, x, y[:, 0].long(), 90, opt)
    assert found[-1] < 0.5 * found[0]


def test_a_loss_that_bends_down_is_refused_wherever_it_is_flat():
    """Its negative curvature is small beside the outputs, but not beside rounding."""
    x, y = separable(1)
    net = nn.Linear(2, 2)
    opt = HessianFree(net.parameters(), loss=lambda outputs, targets: -1e-3 * outputs.square().mean())
    with pytest.raises(LonglagError, match="not convex"):
        opt.step(lambda: (net(x), y))
