"""The first LSTM (Hochreiter & Schmidhuber 1997, appendix A): no forget gate, a truncated gradient, cells in blocks.

    u_t = [y_t, i_t, o_t]: outputs of the cells, input and output gates of the blocks
    [g, i, o] = x_t W_xh + u_{t-1} W_hh + b_h,   each gate of a block serves all its cells
    s_t = s_{t-1} + sigmoid(i) (4 sigmoid(g) - 2),   y_t = sigmoid(o) (2 sigmoid(s_t) - 1)

The gradient is truncated: u_{t-1} counts as a constant. An error goes back in time through s alone, where nothing
changes it. The readout sees the cells. With the paper's sizes there are as many weights as in the paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch
from torch import Tensor

from longlag.algebra.products import matmul
from longlag.algebra.tree import Params
from longlag.cells import gated, lstm_1997_kernels
from longlag.cells.base import GradientTape, State, affine_drive, gradient_tape, zero_state
from longlag.ranges import COUNT, part

_STACKED_SEQUENCES = 4  # of a batch, at most: replicas in one program are faster than one after the other


@part
class LSTM1997:
    """`hidden` cells in `blocks` of nearly equal sizes. Its damped states are the cells' outputs (curvature 1)."""

    hidden: Annotated[int, COUNT] = 4
    blocks: Annotated[int, COUNT] = 2
    drive = affine_drive

    def shapes(self, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
        units = self.hidden + 2 * self.blocks
        return {"W_xh": (n_inputs, units), "W_hh": (units, units), "b_h": (units,)}

    def start(self, params: Params, batch: int) -> State:
        return (*zero_state(params, batch, self.hidden, 2), *zero_state(params, batch, 2 * self.blocks))

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        y, s, gates = state
        heard = matmul(torch.cat([y, gates], -1).detach(), params["W_hh"])
        g, i, o = (drive + heard).split([self.hidden, self.blocks, self.blocks], -1)
        i, o, block = i.sigmoid(), o.sigmoid(), torch.arange(self.hidden, device=y.device) * self.blocks // self.hidden
        s = s + i[..., block] * (4 * g.sigmoid() - 2)
        y = o[..., block] * (s / 2).tanh()  # 2 sigmoid(s) - 1
        return (y, s, torch.cat([i, o], -1)), y

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor | None:
        return gated.states(self._kernels(), params, x, start, scored) if x.device.type == "cpu" else None

    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> GradientTape | None:
        if x.device.type != "cpu":
            return None
        stacked = len(x) > 1 and x.shape[2] <= _STACKED_SEQUENCES
        runs = (gated.StackedRuns if stacked else gated.GatedRuns)(self._kernels(), params, x, start, scored)
        return gradient_tape(self, params, x, start, runs.states, runs.backward)

    def together(self, steps: int, batch: int, inputs: int) -> bool:
        return batch <= _STACKED_SEQUENCES

    def _kernels(self) -> lstm_1997_kernels.Blocks:
        return lstm_1997_kernels.Blocks(self.hidden, self.blocks)
