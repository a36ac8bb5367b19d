"""Starts that keep the length of a state, and what their gain over the lag does."""

import numpy as np
import pytest

from longlag.inits.isometric import Identity, Orthogonal
from longlag.rng import stream

SHAPES = {"W_xh": (3, 40), "W_hh": (40, 40), "b_h": (40,), "W_hy": (40, 2), "b_y": (2,)}


def drawn(init):
    return init.draw(stream(0, "isometric"), SHAPES)


@pytest.mark.parametrize("init", [Identity, Orthogonal])
@pytest.mark.parametrize("lag", [10, 1000])
@pytest.mark.parametrize("gain", [0.2, 1.0, 5.0])
def test_a_state_grows_by_the_gain_over_the_lag(init, lag, gain):
    over_lag = np.linalg.matrix_power(drawn(init(lag, gain))["W_hh"], lag)
    np.testing.assert_allclose(over_lag @ over_lag.T, gain**2 * np.eye(40), atol=1e-10 * gain**2)


def test_the_identity_is_exact_and_its_scales_are_the_papers():
    start = drawn(Identity(50))
    np.testing.assert_array_equal(start["W_hh"], np.eye(40))
    assert np.abs(start["W_xh"]).max() < 0.005
    assert not start["b_h"].any()


def test_orthogonal_matrices_are_uniform():
    """The mean of the trace is 0 and of its square 1 for the uniform distribution (Diaconis & Mallows 1986).

    QR without its signs gives a mean of the trace far below 0.
    """
    rng, shapes = stream(0, "uniform"), {"W_xh": (1, 10), "W_hh": (10, 10), "W_hy": (10, 1)}
    traces = np.array([np.trace(Orthogonal(1).draw(rng, shapes)["W_hh"]) for _ in range(2000)])
    assert abs(traces.mean()) < 0.1
    assert abs((traces**2).mean() - 1) < 0.15
