"""Claim 3: the forward pass fixes the slopes of the backward pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from longlag.lecture import frozen_slopes
from longlag.lecture.tools.nets import TANH
from longlag.lecture.tools.numbers import Verdict
from longlag.rng import stream


def test_it_holds(draw):
    finding = frozen_slopes.measure(range(5))
    assert finding.verdict == Verdict.HOLDS
    draw("frozen_slopes", finding)


def test_the_slopes_of_another_input_give_other_derivatives(tiny):
    given = tiny(TANH)
    net, x = given.net, given.x
    d_last = stream(8, "test").standard_normal(5)
    slopes = net.run(x, np.zeros_like(given.start)).slopes
    ours = frozen_slopes.linear_system(net.W_hh, slopes[:, 0], d_last)
    np.testing.assert_allclose(ours, frozen_slopes.automatic(net, x[:, 0], d_last), rtol=1e-12)
    swapped = frozen_slopes.linear_system(net.W_hh, slopes[:, 1], d_last)
    assert np.abs(swapped - frozen_slopes.automatic(net, x[:, 0], d_last)).max() > 1e-3


def test_derivatives_are_those_of_finite_differences(tiny):
    """The second way: neither automatic differentiation nor a linear system, but the net run from moved states."""
    given = tiny(TANH)
    net, x, d_last, size = given.net, given.x[:, 0], stream(8, "test").standard_normal(5), 1e-5
    ours = frozen_slopes.linear_system(net.W_hh, net.run(x, np.zeros(5)).slopes, d_last)[0]

    def loss(start):
        return float(net.run(x, start).h[-1] @ d_last)

    moved = [(loss(size * unit) - loss(-size * unit)) / (2 * size) for unit in np.eye(5)]
    np.testing.assert_allclose(ours, moved, atol=1e-8)


def test_it_fails_if_the_two_ways_differ_or_the_input_does_not_matter(missed):
    good = frozen_slopes.compare(TANH, 0)
    against, moved = "tanh: backpropagation against the linear system", "tanh: derivatives moved by another input"
    assert missed(frozen_slopes.judge({"tanh": [*[good] * 5, replace(good, error=1e-9)]})) == [against]
    assert missed(frozen_slopes.judge({"tanh": [replace(good, moved=0.0)] * 5})) == [moved]
