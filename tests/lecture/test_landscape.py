"""Basins, saddles and derivatives of a small map, against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from longlag.lecture import attractors
from longlag.lecture.tools import landscape
from longlag.lecture.tools.nets import TANH, Net

# attractors +-(a, a) with a = tanh(1.5 a), a saddle at 0
FREE = Net(TANH, np.array([[1.0, 0.5], [0.5, 1.0]]), np.zeros((0, 2)), np.zeros(2))


def test_two_attractors_and_their_saddle_are_found():
    ends = landscape.attractors(FREE)
    a = 0.5
    for _ in range(200):
        a = np.tanh(1.5 * a)
    np.testing.assert_allclose(ends, [[-a, -a], [a, a]], atol=1e-6)
    land = landscape.landscape(FREE, np.array([[-0.9, -0.7], [0.8, 0.9]]))
    np.testing.assert_allclose(land.saddle, [0, 0], atol=1e-9)
    assert land.rates == pytest.approx((1.5, 1.5 * (1 - a**2)))
    assert land.watershed.sum() == pytest.approx(0, abs=1e-9)  # of a symmetric net


def test_the_derivative_is_that_of_automatic_differentiation():
    net, h = attractors.designed(3), np.array([0.3, -0.2])
    w, b = torch.tensor(net.W_hh), torch.tensor(net.b_h)

    def after(h0):
        for _ in range(7):
            h0 = torch.tanh(h0 @ w + b)
        return h0

    jacobian = torch.autograd.functional.jacobian(after, torch.tensor(h))
    wanted = float(torch.linalg.matrix_norm(jacobian, 2))
    assert landscape.derivative(net, h, 7)[-1] == pytest.approx(wanted, rel=1e-10)
