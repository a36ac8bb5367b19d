"""Claim 12: a slight change of the dynamics makes an ESN-style start better still."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from longlag.lecture import modified_dynamics
from longlag.lecture.base import Verdict
from longlag.lecture.tools.trainee import trainee
from longlag.rng import stream


@pytest.fixture
def data():
    return trainee("esn_momentum", "temporal_order", 10, 0)


def test_readout_only_moves_nothing_else(data):
    start, after = data.start(), modified_dynamics.readout_only(data, updates=3)
    moved = {name for name in start if not torch.equal(start[name], after[name])}
    assert moved == {"W_hy", "b_y"}


def test_unrelated_draws_are_the_square_root_of_two_apart(data):
    init, shapes = data.setup.parts.init, {"W_hh": (100, 100)}
    one, two = (torch.tensor(init.draw(stream(seed, "test"), shapes)["W_hh"]) for seed in (0, 1))
    assert modified_dynamics.relative(one, two) == pytest.approx(np.sqrt(2), rel=0.1)


def course(moved=0.05, full=0.0, readout=0.5, ridge=0.5):
    eigenvalues = np.array([[1.1 + 0j, 0.5], [1.2, 0.5]])
    weights = {"W_hh": [0.0, moved], "W_xh": [0.0, 0.1], "W_hy": [0.0, 1.0]}
    return modified_dynamics.Course([0, 50], weights, [1.1, 1.2], eigenvalues, [0.75, full], readout, ridge)


def test_it_holds_with_unsolved_nets_as_its_caveat():
    assert modified_dynamics.judge([course()]).verdict == Verdict.HOLDS
    assert modified_dynamics.judge([course(), course(full=0.1)]).verdict == Verdict.CAVEAT
    np.testing.assert_allclose(course().strayed, [0.1, 0.0])


@pytest.mark.parametrize(
    ("bad", "name"),
    [
        (course(moved=0.2), "change of W_hh"),
        (course(readout=0.04), "readout alone, same optimiser: more wrong"),
        (course(ridge=0.0), "readout alone, ridge regression: more wrong"),
    ],
    ids=["moved far", "readout as good", "ridge as good"],
)
def test_it_fails_on_a_single_seed(missed, bad, name):
    assert missed(modified_dynamics.judge([course(), bad])) == [name]


def test_measured_small_it_fails(draw):
    finding = modified_dynamics.measure([0], lag=10, every=1, most=2)
    assert finding.verdict == Verdict.FAILS
    draw("modified_dynamics", finding)
