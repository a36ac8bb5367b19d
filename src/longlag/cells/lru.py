"""Linear recurrent units (Orvieto et al. 2023): blocks of a diagonal complex recurrence and a position-wise gate.

    u_0 = x_t W_xh + b_h;   then for each block, with lambda = exp(-exp(nu) + i exp(theta)):
    s_t = lambda s_{t-1} + exp(gamma) (u W_in)
    v = gelu(Re(s_t W_out) + skip u),   u <- u + v sigmoid(v W_gate + b_gate)

A recurrence is linear: products come from the gates. Those of the first block can multiply what stands at one step, as
a value and its marker, those of the last what was remembered, as the two bits of XOR. h_t is the u of the last block.
Deviations: (1) no normalisation layers and no dropout, (2) W_out has real numbers for the two parts of s, which is the
same map, (3) the last h_t is read, in the place of a mean over the steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import gelu

from longlag.algebra.products import affine, aligned, linear
from longlag.algebra.tree import Params
from longlag.cells import linear_scan
from longlag.cells.base import State, affine_drive, zero_state
from longlag.cells.linear_scan import Recur
from longlag.ranges import COUNT, part


@part
class LRU:
    """Blocks of width `hidden`, each with `modes` complex states. Its damped states are the outputs (curvature 1)."""

    hidden: Annotated[int, COUNT] = 32
    modes: Annotated[int, COUNT] = 16
    blocks: Annotated[int, COUNT] = 2
    drive, step, states, tape = affine_drive, linear_scan.step, linear_scan.states, linear_scan.tape

    def shapes(self, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
        h, n = self.hidden, self.modes
        of_block = {"nu": (n,), "theta": (n,), "gamma": (n,), "W_in": (h, 2 * n), "W_out": (2 * n, h), "skip": (h,)}
        of_block |= {"W_gate": (h, h), "b_gate": (h,)}
        blocks = {f"{name}_{k}": shape for k in range(self.blocks) for name, shape in of_block.items()}
        return {"W_xh": (n_inputs, h), "b_h": (h,), **blocks}

    def start(self, params: Params, batch: int) -> State:
        none = zero_state(params, batch, self.modes)[0]
        return (*zero_state(params, batch, self.hidden), *[torch.complex(none, none)] * self.blocks)

    def layers(self, params: Params, drive: Tensor, recur: Recur) -> Tensor:
        u = drive
        for k in range(self.blocks):
            nu, theta, gamma, skip = (aligned(params[f"{name}_{k}"], u) for name in ("nu", "theta", "gamma", "skip"))
            b = torch.complex(*linear(u, params[f"W_in_{k}"]).chunk(2, -1)) * gamma.exp()
            s = recur(torch.polar((-nu.exp()).exp(), theta.exp()), b)
            v = gelu(linear(torch.cat([s.real, s.imag], -1), params[f"W_out_{k}"]) + skip * u)
            u = u + v * affine(v, params[f"W_gate_{k}"], params[f"b_gate_{k}"]).sigmoid()
        return u
