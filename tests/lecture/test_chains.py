"""Products of Jacobians, lines and theory, against slow computations and known systems."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from longlag.cells.lstm import LSTM
from longlag.inits.gates import ForgetBias
from longlag.lecture.tools import chains, mean_field
from longlag.lecture.tools.nets import LOGISTIC, TANH, gaussian
from longlag.rng import stream


def test_products_of_jacobians_keep_their_norm_where_they_underflow():
    jacobians = stream(1, "test").standard_normal((7, 4, 4))
    wanted = [0.0]
    for k in range(1, 8):
        wanted.append(math.log(np.linalg.svd(np.linalg.multi_dot([np.eye(4), *jacobians[-k:]]))[1][0]))
    np.testing.assert_allclose(chains.log_norms(jacobians), wanted, atol=1e-13)
    tiny_steps = chains.log_norms(1e-100 * jacobians)  # their product would be 1e-700
    np.testing.assert_allclose(tiny_steps, np.array(wanted) - 100 * math.log(10) * np.arange(8), rtol=1e-12)
    assert chains.log_norms(np.zeros((2, 3, 3))).tolist() == [0, -math.inf, -math.inf]


def test_lyapunov_exponents_are_those_of_a_known_system():
    steps = np.repeat(np.diag([2.0, 0.5, 1.0])[None], 9, axis=0)
    np.testing.assert_allclose(chains.lyapunov(steps), [math.log(2), 0, -math.log(2)], atol=1e-15)
    jacobians = stream(2, "test").standard_normal((300, 4, 4))
    found = chains.lyapunov(jacobians)
    assert found.mean() == pytest.approx(np.mean([np.linalg.slogdet(j)[1] for j in jacobians]) / 4)
    assert found[0] == pytest.approx(chains.log_norms(jacobians)[-1] / 300, abs=0.02)


def test_a_line_and_a_reach():
    x = np.arange(5.0)
    assert chains.line(x, 3 - 2 * x) == pytest.approx((-2, 1))
    assert chains.line(x, np.array([0, 1, 0, 1, 0.0]))[1] < 0.1
    assert math.isnan(chains.line(x, np.array([0, 1, -math.inf, 0, 0]))[0])
    assert chains.reach(np.array([0, -1, -2, -3.0]), -2) == 2
    assert chains.reach(np.array([0, -1.0]), -2) == 1
    assert chains.reach(np.array([0, math.nan]), -2) == 0


def test_mean_field_theory_agrees_with_a_large_net():
    assert mean_field.critical_scale(TANH) == 1
    assert mean_field.gain(TANH, 0.5) == pytest.approx(0.5)
    scale = 0.7 * mean_field.critical_scale(LOGISTIC)
    net = gaussian(stream(3, "test"), LOGISTIC, 1500, 0, scale)
    run = net.run(np.zeros((60, 1, 0)), np.full((1, 1500), 0.5))
    assert (run.a[-1] ** 2).mean() == pytest.approx(mean_field.variance(LOGISTIC, scale), rel=0.1)
    measured = scale * math.sqrt((run.slopes[-1] ** 2).mean())
    assert measured == pytest.approx(mean_field.gain(LOGISTIC, scale), rel=0.05)
    assert mean_field.gain(LOGISTIC, mean_field.critical_scale(LOGISTIC)) == pytest.approx(1, abs=1e-5)


def test_jacobians_of_a_cell_are_those_of_the_whole_unrolled_net():
    steps, inputs = 6, 2
    cell, rng = LSTM(3), stream(7, "test")
    drawn = ForgetBias(1.0).draw(rng, cell.shapes(inputs))
    x = rng.standard_normal((steps, inputs))
    params = {name: torch.from_numpy(value)[None] for name, value in drawn.items()}
    drives = cell.drive(params, torch.from_numpy(x)[None, :, None])

    def rest(flat):  # the last three steps, from the state before them
        state = tuple(part[None, None] for part in flat.split(3))
        for t in range(steps - 3, steps):
            state, _ = cell.step(params, state, drives[:, t])
        return torch.cat([part[0, 0] for part in state])

    state = cell.start(params, 1)
    for t in range(steps - 3):
        state, _ = cell.step(params, state, drives[:, t])
    wanted = torch.autograd.functional.jacobian(rest, torch.cat([part[0, 0] for part in state])).T
    found = chains.jacobians(cell, drawn, x, last=3)
    np.testing.assert_allclose(np.linalg.multi_dot(list(found)), wanted, rtol=1e-11)
