"""The logistic cell: a tanh net in other coordinates, with the gradient of torch."""

from __future__ import annotations

import numpy as np
import torch

from longlag.cells.base import autograd_tape, complete
from longlag.inits.gaussian import Gaussian
from longlag.lecture.tools.logistic import AsLogistic, LogisticRNN
from longlag.lecture.tools.nets import TANH, Net
from longlag.rng import stream

T, B, H, X = 6, 3, 5, 2


def test_a_logistic_net_is_a_tanh_net_in_other_coordinates():
    cell, shapes = LogisticRNN(H), {"W_xh": (X, H), "W_hh": (H, H), "b_h": (H,), "W_hy": (H, 1), "b_y": (1,)}
    tanh, logistic = (init.draw(stream(4, "test"), shapes) for init in (Gaussian(), AsLogistic(Gaussian())))
    x = stream(5, "test").standard_normal((T, B, X))
    ours = Net(TANH, *(tanh[n] for n in ("W_hh", "W_xh", "b_h"))).run(x, np.zeros((B, H))).h[-1] @ tanh["W_hy"]
    params = {name: torch.from_numpy(value)[None] for name, value in logistic.items()}
    states = complete(cell).states(params, torch.from_numpy(x)[None], torch.zeros(1, B), 1)
    np.testing.assert_allclose((states @ params["W_hy"] + params["b_y"])[0, 0], ours + tanh["b_y"], atol=1e-14)


def test_the_logistic_cell_s_gradient_is_that_of_torch():
    cell, rng = LogisticRNN(H), stream(6, "test")
    params = {name: torch.from_numpy(rng.standard_normal((1, *shape))) for name, shape in cell.shapes(X).items()}
    x, start = torch.from_numpy(rng.standard_normal((1, T, B, X))), torch.zeros(1, B)
    d = torch.ones(1, 2, B, H, dtype=torch.float64)
    ours, slow = cell.tape(params, x, start, 2), autograd_tape(cell, params, x, start, 2)
    np.testing.assert_allclose(ours.states, slow.states, rtol=1e-13)
    for name, gradient in slow.pullback(d).items():
        np.testing.assert_allclose(ours.pullback(d)[name], gradient, rtol=1e-10)
