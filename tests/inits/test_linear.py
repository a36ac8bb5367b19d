"""Starts of linear recurrences: time constants relative to the lag."""

import numpy as np
import pytest

from longlag.cells.lru import LRU
from longlag.cells.mingru import MinGRU
from longlag.inits.linear import Ring, UpdateRate
from longlag.rng import stream

READOUT = {"W_hy": (8, 2), "b_y": (2,)}


@pytest.mark.parametrize("lag", [10, 1000])
def test_a_ring_has_the_time_constants_turns_and_norms_that_it_declares(lag):
    shapes = dict(LRU(8, modes=400).shapes(3)) | READOUT
    drawn = Ring(lag, times=2.0, shortest=0.25, turns=3.0).draw(stream(0, "ring"), shapes)
    assert drawn.keys() == shapes.keys()
    for block in (0, 1):
        modulus = np.exp(-np.exp(drawn[f"nu_{block}"]))
        steps = -1 / np.log(modulus)
        assert 0.5 * lag <= steps.min() < 0.55 * lag
        assert 1.9 * lag < steps.max() <= 2.0 * lag
        turns = np.exp(drawn[f"theta_{block}"]) * lag / (2 * np.pi)
        assert 2.9 < turns.max() <= 3.0
        assert turns.min() < 0.1
        np.testing.assert_allclose(np.exp(2 * drawn[f"gamma_{block}"]), 1 - modulus**2)


def test_a_mode_turns_at_most_once_a_step():
    shapes = dict(LRU(8, modes=400).shapes(3)) | READOUT
    drawn = Ring(10, turns=50.0).draw(stream(0, "ring"), shapes)
    assert 6.2 < np.exp(drawn["theta_0"]).max() <= 2 * np.pi


@pytest.mark.parametrize(("lag", "times", "longest"), [(50, 1.0, 50), (1000, 2.0, 2000), (10, 0.1, 2)])
def test_update_gates_reach_from_two_steps_to_the_longest(lag, times, longest):
    shapes = dict(MinGRU(400).shapes(3)) | {"W_hy": (400, 2), "b_y": (2,)}
    drawn = UpdateRate(lag, times).draw(stream(0, "rate"), shapes)
    assert drawn.keys() == shapes.keys()
    for layer in (0, 1):
        steps = 1 + np.exp(-drawn[f"b_{layer}"][:400])
        assert 2 <= steps.min() < 2.2
        assert 0.9 * longest < steps.max() <= longest * (1 + 1e-12)
        assert not drawn[f"b_{layer}"][400:].any()
    assert not drawn["b_h"].any()
