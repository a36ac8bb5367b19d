"""Claim 6: careful initialisation keeps gradients alive."""

from __future__ import annotations

import numpy as np
import pytest

from longlag.lecture import careful_start
from longlag.lecture.base import Verdict
from longlag.rng import stream


def judge(**rates):
    """The finding on straight decays over 100 steps: those that theory asks for, but for these rates."""
    usual = {"alive": -0.01, "lost": -0.6, "": -0.3}
    steps = np.arange(101.0)
    return careful_start.judge(
        {name: [rates.get(name, usual[start.asked]) * steps] * 2 for name, start in careful_start.STARTS.items()}
    )


def test_it_holds_with_the_starts_that_fall_short_as_its_caveat(draw):
    finding = judge()
    assert finding.verdict == Verdict.CAVEAT
    assert "forget bias 1 55 steps" in finding.caveat  # 24 ln 2 / 0.3
    draw("careful_start", finding)
    clean = judge(sparse_large=-0.1, lstm_0=-0.1, lstm_1=-0.1)
    assert (clean.verdict, clean.caveat) == (Verdict.HOLDS, "")


@pytest.mark.parametrize(
    ("start", "rate", "name"),
    [
        ("orthogonal", -0.2, "tanh, orthogonal, small input"),
        ("plain", -0.1, "tanh, plain: U(±1/√H)"),
        ("orthogonal_same", -0.1, "logistic, orthogonal, small input, as it is"),
    ],
)
def test_it_fails_if_a_careful_start_dies_or_a_plain_one_lives(missed, start, rate, name):
    assert missed(judge(**{start: rate})) == [f"{name}: norm at lag 100"]


def test_a_start_and_its_logistic_twin_decay_alike():
    starts = careful_start.STARTS
    ours = careful_start.decay(starts["sparse_small"], 0, settle=5, lag=10)
    twin = careful_start.decay(starts["sparse_small_scaled"], 0, settle=5, lag=10)
    np.testing.assert_allclose(ours, twin, atol=1e-10)


def test_every_logistic_start_names_its_origin():
    logistic = [start for start in careful_start.STARTS.values() if start.units == "logistic"]
    assert len(logistic) == 8
    assert all(careful_start.STARTS[start.origin].units == "tanh" for start in logistic)


def test_orthogonal_weights_are_orthogonal():
    shapes = {"W_hh": (8, 8), "W_xh": (2, 8), "b_h": (8,)}
    weights = careful_start.Orthogonal(0.1).draw(stream(10, "test"), shapes)["W_hh"]
    np.testing.assert_allclose(weights @ weights.T, np.eye(8), atol=1e-14)
