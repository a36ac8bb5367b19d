"""Claim 2: the backward pass is linear."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from longlag.lecture import linear_backward
from longlag.lecture.tools.nets import LINEAR, UNITS
from longlag.lecture.tools.numbers import Verdict


def test_it_holds_exactly(draw):
    finding = linear_backward.measure(range(5))
    assert finding.verdict == Verdict.HOLDS
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


def test_it_fails_if_the_forward_pass_is_linear_too(missed):
    linear = linear_backward.check(LINEAR, 0)
    assert missed(linear_backward.judge({"linear": [linear] * 5})) == ["linear: forward, inputs doubled, departure"]
