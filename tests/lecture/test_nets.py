"""The lecture's own net and its derivatives, against automatic differentiation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from longlag.lecture.tools.nets import LINEAR, LOGISTIC, UNITS

TORCH = {"logistic": torch.sigmoid, "tanh": torch.tanh, "linear": lambda a: a}


@pytest.mark.parametrize("unit", [*UNITS, LINEAR], ids=lambda unit: unit.name)
def test_a_net_and_its_derivatives_are_those_of_torch(tiny, unit):
    given = tiny(unit)
    net, steps = given.net, len(given.x)
    run = net.run(given.x, given.start)
    weights = {name: torch.from_numpy(getattr(net, name)).requires_grad_() for name in ("W_hh", "W_xh", "b_h")}
    states = [torch.from_numpy(given.start).requires_grad_()]
    for step in torch.from_numpy(given.x):
        states.append(TORCH[unit.name](states[-1] @ weights["W_hh"] + step @ weights["W_xh"] + weights["b_h"]))
    loss = sum((h * d).sum() for h, d in zip(states[1:], torch.from_numpy(given.d_states), strict=True))
    wanted = torch.autograd.grad(loss, [*states, *weights.values()])
    found = net.backward(run, given.d_states)
    np.testing.assert_allclose(run.h, torch.stack(states).detach(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found["h"], torch.stack(wanted[: steps + 1]), rtol=1e-11, atol=1e-13)
    for name, gradient in zip(weights, wanted[steps + 1 :], strict=True):
        np.testing.assert_allclose(found[name], gradient, rtol=1e-11, atol=1e-13)


def test_one_sequence_runs_as_it_does_among_others(tiny):
    given = tiny(LOGISTIC)
    among, alone = given.net.run(given.x, given.start), given.net.run(given.x[:, 1], given.start[1])
    np.testing.assert_allclose(alone.h, among.h[:, 1], rtol=1e-13)
    silent = given.net.run(np.zeros((1, 2)), given.start[1]).h[-1]
    np.testing.assert_allclose(given.net.step(given.start)[1], silent, rtol=1e-13)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_slopes_stay_right_where_units_saturate(unit):
    assert unit.slope(np.zeros(1))[0] == unit.steepest
    a = np.array([25.0, -25.0])
    exact = {"logistic": math.exp(-25), "tanh": 4 * math.exp(-50)}[unit.name]
    np.testing.assert_allclose(unit.slope(a), exact, rtol=1e-10)
    assert np.isfinite(unit.function(np.array([1e4, -1e4]))).all()


def test_jacobians_multiply_to_the_derivative_of_the_last_state(tiny):
    given = tiny(LOGISTIC)
    run = given.net.run(given.x, given.start)
    product = np.linalg.multi_dot(list(given.net.jacobians(run, 1)))
    for unit in range(len(product)):
        last = np.zeros_like(given.d_states)
        last[-1, 1, unit] = 1
        np.testing.assert_allclose(given.net.backward(run, last)["h"][0, 1], product[:, unit], rtol=1e-11)
