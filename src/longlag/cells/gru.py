"""The gated recurrent unit (Cho et al. 2014), its reset gate applied after the product as in cuDNN and torch.

    r, u, n = split(x_t W_xh + b_h),   r', u', n' = split(h_{t-1} W_hh)
    h_t = (1 - z) tanh(n + sigmoid(r + r') n') + z h_{t-1},   z = sigmoid(u + u') the update gate

Deviations from torch.nn.GRU: one trainable bias per gate instead of two, and none on n', which the reset gate scales.
On a CPU the kernels of `gru_kernels` are used at all sizes: an update took between a half and an eighth of the time of
nn.GRU (16 to 300 units, 20 to 1000 sequences and steps; AMD EPYC Zen 5, AVX-512). On a GPU those of `gated_batched` are
used.
"""

from __future__ import annotations

from typing import Annotated

from torch import Tensor

from longlag.algebra.products import matmul
from longlag.algebra.tree import Params
from longlag.cells import batched, gated, gated_batched, gru_kernels
from longlag.cells.base import GradientTape, State, affine_drive, gate_shapes, gradient_tape, small_replicas
from longlag.ranges import COUNT, part


@part
class GRU:
    """A GRU cell; gates in the order reset, update, new. Its damped states are the hidden states (curvature 1)."""

    hidden: Annotated[int, COUNT] = 32
    shapes, drive = gate_shapes(3), affine_drive
    together = small_replicas(7, gated.TOGETHER_NUMBERS)

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        (h,) = state
        sizes = [2 * self.hidden, self.hidden]
        (gates, n), (gates_h, n_h) = drive.split(sizes, -1), matmul(h, params["W_hh"]).split(sizes, -1)
        r, u = (gates + gates_h).chunk(2, -1)  # row by row: torch rounds the end of a whole tensor differently
        new = (n + r.sigmoid() * n_h).tanh()
        h = new + u.sigmoid() * (h - new)
        return (h,), h

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        if x.device.type != "cpu":
            return batched.states(gated_batched.GRURun, params, x, start, scored)
        return gated.states(gru_kernels, params, x, start, scored)

    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> GradientTape:
        runs: gated_batched.GRURun | gated.GatedRuns
        if x.device.type != "cpu":
            runs = gated_batched.GRURun.of(params, x, start, scored)
        else:
            runs = gated.GatedRuns(gru_kernels, params, x, start, scored)
        return gradient_tape(self, params, x, start, runs.states, runs.backward)
