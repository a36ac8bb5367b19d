"""Parameters, their groups and the settings: what is equal, what may change, what is refused."""

import re

import pytest
import torch
from nets import CE, Recurrent, T, X, classes, double, normal, problem, same, weights
from torch import nn

from longlag.errors import LonglagError
from longlag.torch_optim import HessianFree


def test_groups_are_solved_for_together():
    net, opt, closure = problem()
    other = double(Recurrent())
    x, y = normal(40, T, X), classes(40)
    grouped = HessianFree([{"params": other.rnn.parameters()}], CE, damping=0.01)
    grouped.add_param_group({"params": other.out.parameters()})
    for _ in range(3):
        opt.step(closure)
        grouped.step(lambda: (other(x), y))
    assert same(weights(net), weights(other))
    assert len({group["damping"] for group in grouped.param_groups}) == 1
    with pytest.raises(LonglagError, match=r"groups of parameters differ in weight_decay: 0\.0 and 0\.1"):
        grouped.add_param_group({"params": [nn.Parameter(torch.zeros(1))], "weight_decay": 0.1})


def test_edited_settings_count_from_the_next_step_and_are_checked():
    _, opt, closure = problem()
    opt.param_groups[0]["cg_iterations"] = 2
    opt.step(closure)
    assert opt.info["cg_iterations"] == 2
    opt.param_groups[0]["damping"] = -1.0
    with pytest.raises(LonglagError, match=r"damping of HessianFreeSettings cannot be -1\.0; it must be a number, at"):
        opt.step(closure)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"damping": -1}, "damping of HessianFreeSettings cannot be -1; it must be a number, at least 0"),
        ({"damping": float("nan")}, "damping of HessianFreeSettings cannot be nan"),
        ({"structural_damping": -1}, "structural_damping of HessianFreeSettings cannot be -1"),
        ({"weight_decay": float("inf")}, "weight_decay of HessianFreeSettings cannot be inf"),
        ({"cg_iterations": 0}, "cg_iterations of HessianFreeSettings cannot be 0; it must be a whole number"),
        ({"cg_iterations": 1.5}, "cg_iterations of HessianFreeSettings cannot be 1.5"),
        ({"curvature_batches": 0}, "curvature_batches of HessianFreeSettings cannot be 0"),
        ({"hidden": "rnn"}, "hidden cannot be 'rnn'; name a module, such as hidden=model.rnn"),
        ({"hidden": 3}, "hidden cannot be 3"),
        ({"batch_axis": "first"}, "batch_axis cannot be 'first'"),
    ],
)
def test_settings_are_checked_at_once(settings, words):
    with pytest.raises(LonglagError, match=re.escape(words)):
        HessianFree(nn.Linear(1, 1).parameters(), CE, **settings)


def test_parameters_are_checked():
    with pytest.raises(LonglagError, match=re.escape("params is a Linear; write HessianFree(model.parameters(), ...)")):
        HessianFree(nn.Linear(1, 1), CE)
    half = nn.Linear(1, 1).bfloat16()
    with pytest.raises(LonglagError, match=r"a parameter is of torch\.bfloat16; curvature needs float32 or float64"):
        HessianFree(half.parameters(), CE).step(lambda: None)
    with pytest.raises(LonglagError, match="there is nothing to train"):
        HessianFree(nn.Linear(1, 1).requires_grad_(False).parameters(), CE).step(lambda: None)
