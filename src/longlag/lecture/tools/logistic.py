"""The plain recurrent net with logistic units as a cell of the library, and a start that makes it a known tanh net.

h_t = 1 / (1 + exp(-(h_{t-1} W_hh + x_t W_xh + b_h))), at rest at 1/2. In other coordinates it is a tanh net: with
h = (1 + g) / 2 the same outputs come from four times the recurrent weights, twice the input and output weights, and
biases that take the mean activity away. Steepest descent does see the coordinates, so that its learning rate differs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells.base import State, Tape, affine_drive, plain_shapes, zero_state
from longlag.inits.base import Init, Shapes
from longlag.lecture.tools.nets import LOGISTIC, Net, Run, centred

_NAMES = ("W_hh", "W_xh", "b_h")


@dataclass(frozen=True)
class LogisticRNN:
    """A cell of logistic units. Damped states: the pre-activations; their matching loss has curvature h (1 - h)."""

    hidden: int = 100
    shapes, drive = plain_shapes, affine_drive

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        pre_activation = drive + state[0] @ params["W_hh"]
        return (pre_activation.sigmoid(),), pre_activation

    def start(self, params: Params, batch: int) -> State:
        (zero,) = zero_state(params, batch, self.hidden)
        return (zero + 0.5,)

    def matching_curvature(self, states: Tensor) -> Tensor:
        return states * (1 - states)

    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tape | None:
        if start.any() or len(x) > 1:
            return None
        net = Net(LOGISTIC, *(params[name][0].detach().double().numpy() for name in _NAMES))
        run = net.run(x[0].double().numpy(), np.full((x.shape[2], self.hidden), 0.5))
        return NetTape(net, run, torch.from_numpy(run.h[None, -scored:]).to(params["W_hh"].dtype))


@dataclass(frozen=True)
class NetTape:
    """One replica's linearised net, backward only and by hand; states [1, K, B, H]."""

    net: Net
    run: Run
    states: Tensor

    def pullback(self, d_states: Tensor, d_damped: Tensor | None = None) -> dict[str, Tensor]:
        if d_damped is not None:
            raise NotImplementedError("the lecture's logistic net has no derivatives at its damped states")
        d = np.zeros_like(self.run.a)
        d[-d_states.shape[1] :] = d_states[0].double().numpy()
        gradient = self.net.backward(self.run, d)
        return {name: torch.from_numpy(gradient[name][None]).to(d_states.dtype) for name in _NAMES}

    def pushforward(self, tangent: Params) -> tuple[Tensor, Tensor]:
        raise NotImplementedError("the lecture's logistic net is for first-order methods")


@dataclass(frozen=True)
class AsLogistic:
    """The start of a tanh net in the coordinates of a logistic one: both give the same outputs."""

    tanh: Init

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        drawn = self.tanh.draw(rng, shapes)
        recurrent = 4 * drawn["W_hh"]
        return {
            "W_hh": recurrent,
            "W_xh": 2 * drawn["W_xh"],
            "b_h": 2 * drawn["b_h"] + centred(recurrent),
            "W_hy": 2 * drawn["W_hy"],
            "b_y": drawn["b_y"] - drawn["W_hy"].sum(0),
        }
