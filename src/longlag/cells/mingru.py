"""Minimal gated recurrent units (Feng et al. 2024, section 3.1): a GRU whose gates hear the input alone, in layers.

    u_0 = x_t W_xh + b_h;   then for each layer:
    [z, n] = u W + b,   s_t = (1 - sigmoid(z)) s_{t-1} + sigmoid(z) n,   u <- u + s_t

Two layers, the fewest with which two distant symbols can be combined: the gates of a layer know nothing of what it has
stored, those of the next do. h_t is the u of the last layer. Deviations: (1) no normalisation layers and no expansion
of the state, (2) n may have any sign, as in the paper's section 3.1 (appendix B keeps it positive, to sum logarithms).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from torch import Tensor

from longlag.algebra.products import affine
from longlag.algebra.tree import Params
from longlag.cells import linear_scan
from longlag.cells.base import State, affine_drive, zero_state
from longlag.cells.linear_scan import Recur
from longlag.ranges import COUNT, part


@part
class MinGRU:
    """Layers of width `hidden`. Its damped states are the outputs (curvature 1)."""

    hidden: Annotated[int, COUNT] = 32
    layer_count: Annotated[int, COUNT] = 2
    drive, step, states, tape = affine_drive, linear_scan.step, linear_scan.states, linear_scan.tape

    def shapes(self, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
        h = self.hidden
        gates = {f"W_{k}": (h, 2 * h) for k in range(self.layer_count)}
        return {"W_xh": (n_inputs, h), "b_h": (h,), **gates, **{f"b_{k}": (2 * h,) for k in range(self.layer_count)}}

    def start(self, params: Params, batch: int) -> State:
        return zero_state(params, batch, self.hidden, 1 + self.layer_count)

    def layers(self, params: Params, drive: Tensor, recur: Recur) -> Tensor:
        u = drive
        for k in range(self.layer_count):
            z, new = affine(u, params[f"W_{k}"], params[f"b_{k}"]).chunk(2, -1)
            z = z.sigmoid()
            u = u + recur(1 - z, z * new)
        return u
