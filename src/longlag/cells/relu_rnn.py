"""The recurrent net of rectified linear units: h_t = max(0, h_{t-1} W_hh + x_t W_xh + b_h) (Le, Jaitly & Hinton 2015).

A unit that is on is linear: with the identity as W_hh it holds what it has until an input changes it. On a CPU the
kernels of `relu_kernels` are used at all sizes, on a GPU those of `relu_batched`.
"""

from __future__ import annotations

from typing import Annotated

from torch import Tensor

from longlag.algebra.products import matmul
from longlag.algebra.tree import Params
from longlag.cells import batched, gated, relu_batched, relu_kernels
from longlag.cells.base import GradientTape, State, affine_drive, gradient_tape, plain_shapes, small_replicas
from longlag.ranges import COUNT, part

_TOGETHER_NUMBERS = 600_000  # five seeds together took 0.7 to 0.9 of their time up to there


@part
class ReluRNN:
    """A layer of rectified linear units. Its damped states are the hidden states (curvature 1)."""

    hidden: Annotated[int, COUNT] = 100
    shapes, drive, together = plain_shapes, affine_drive, small_replicas(1, _TOGETHER_NUMBERS)

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        h = (drive + matmul(state[0], params["W_hh"])).relu()
        return (h,), h

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        if x.device.type != "cpu":
            return batched.states(relu_batched.ReluRun, params, x, start, scored)
        return gated.states(relu_kernels, params, x, start, scored)

    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> GradientTape:
        runs: relu_batched.ReluRun | gated.GatedRuns
        if x.device.type != "cpu":
            runs = relu_batched.ReluRun.of(params, x, start, scored)
        else:
            runs = gated.GatedRuns(relu_kernels, params, x, start, scored)
        return gradient_tape(self, params, x, start, runs.states, runs.backward)
