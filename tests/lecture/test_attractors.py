"""Claim 7: attractors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from longlag.lecture import attractors
from longlag.lecture.tools import landscape
from longlag.lecture.tools.nets import TANH, Net
from longlag.lecture.tools.numbers import Verdict

GOOD = attractors.Rates(watershed=1.5, watershed_off=0.01, inside=0.4, inside_off=0.01, zero=1.0, huge=1e9)


def test_measured_small_it_is_open_for_want_of_trained_nets(draw):
    finding = attractors.measure([0], updates=3, points=9)
    assert finding.verdict == Verdict.UNDECIDED
    assert finding.caveat.startswith("1 of 1 nets (seed 0) did not learn to hold the bit in two attractors")
    draw("attractors", finding, smallest=6.5)


def test_it_holds_if_both_kinds_of_nets_meet_their_thresholds(plain):
    latch = attractors.latched(0, updates=1)
    held = replace(latch, wrong=0.0, settled=np.array([[-0.9, -0.9], [0.9, 0.9]]))
    five = [GOOD] * 5
    assert attractors.judge([held] * 5, five, five, {}).verdict == Verdict.HOLDS
    assert attractors.judge([*[held] * 5, latch], five, five, {}).verdict == Verdict.CAVEAT
    assert plain(attractors.judge([held] * 5, five, five, {})).startswith(
        "In the median trained net, each step on the watershed"
    )
    slow = [replace(GOOD, huge=1e6)] * 5
    failed = plain(attractors.judge([held] * 5, five, slow, {}))
    assert failed == "No: the derivative (trained) is huge on the watershed in none of 5 nets."
    one_attractor = replace(held, settled=np.zeros((2, 2)))
    without = attractors.judge([*[held] * 5, one_attractor], five, five, {}, range(10, 16))
    assert without.caveat == "1 of 6 nets (seed 15) did not learn to hold the bit in two attractors and is not judged"


@pytest.mark.parametrize(
    "bad",
    [{"watershed_off": 0.06}, {"inside_off": 0.06}, {"zero": 0.98}, {"huge": 1e6}],
    ids=lambda bad: next(iter(bad)),
)
def test_a_wrong_rate_does_not_pass(bad):
    assert all(number.met is not False for number in attractors.thresholds("x", [GOOD] * 5))
    found = attractors.thresholds("x", [replace(GOOD, **bad)] * 5)
    assert [number.met for number in found].count(False) == 1


def test_the_watershed_and_the_derivative_on_it_are_those_of_a_symmetric_net():
    """The second way: without biases the watershed goes through 0, where the Jacobian is W itself, of known size."""
    net = Net(TANH, np.array([[1.0, 0.5], [0.5, 1.0]]), np.zeros((0, 2)), np.zeros(2))
    land = landscape.landscape(net, landscape.attractors(net)[[0, -1]])
    found = attractors.rates(land, points=9)
    assert found.watershed == pytest.approx(1.5, rel=1e-6)
    assert found.huge == pytest.approx(1.5**land.horizon, rel=1e-3)
    a = 0.8
    for _ in range(200):
        a = np.tanh(1.5 * a)
    assert found.inside == pytest.approx(1.5 * (1 - a**2), rel=1e-3)


def test_nothing_measured_decides_nothing():
    assert [number.undecided for number in attractors.thresholds("x", [])].count(True) == 4
