"""Claim 2: the backward pass is linear."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from longlag.lecture import linear_backward
from longlag.lecture.tools.nets import LINEAR, UNITS
from longlag.lecture.tools.numbers import Verdict


def test_it_holds_exactly(draw):
    finding = linear_backward.measure(range(5))
    assert finding.verdict == Verdict.HOLDS
    assert all(number.unit for number in finding.numbers if number.value), "a number that is not 0 says of what it is"
    draw("linear_backward", finding)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"doubling": 1e-300}, "doubling, largest difference"),
        ({"doubling": math.nan}, "doubling, largest difference"),
        ({"adding": 1e-11}, "adding, error"),
    ],
)
def test_it_fails_if_doubling_or_adding_is_not_exact(missed, change, name):
    good = {unit.name: [linear_backward.check(unit, 0)] for unit in UNITS}
    changed = good | {"tanh": [replace(good["tanh"][0], **change)]}
    assert missed(linear_backward.judge(changed)) == [f"tanh: backward, {name}"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_automatic_differentiation_doubles_to_the_last_bit_too(tiny, unit):
    """The second way: torch's own backward pass instead of the one written out."""
    given = tiny(unit)
    function = {"logistic": torch.sigmoid, "tanh": torch.tanh}[unit.name]
    weights = torch.from_numpy(given.net.W_hh).requires_grad_()
    inputs, states = torch.from_numpy(given.x @ given.net.W_xh + given.net.b_h), [torch.from_numpy(given.start)]
    for step in inputs:
        states.append(function(states[-1] @ weights + step))
    errors = torch.from_numpy(given.d_states)

    def gradient(factor):
        (found,) = torch.autograd.grad((torch.stack(states[1:]) * errors).sum(), weights, torch.tensor(factor).double(),
                                       retain_graph=True)  # fmt: skip
        return found

    assert all((gradient(2.0**k) == 2.0**k * gradient(1.0)).all() for k in (-20, -1, 1, 20))


def test_it_fails_if_the_forward_pass_is_linear_too(missed):
    linear = linear_backward.check(LINEAR, 0)
    assert missed(linear_backward.judge({"linear": [linear] * 5})) == ["linear: forward, inputs doubled, departure"]
