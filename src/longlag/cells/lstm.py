"""Long short-term memory (Hochreiter & Schmidhuber 1997) with forget gates (Gers, Schmidhuber & Cummins 2000).

    i, f, g, o = split(x_t W_xh + h_{t-1} W_hh + b_h)
    c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g),   h_t = sigmoid(o) tanh(c_t)

On a CPU gradients come from the kernels of `lstm_kernels` or from torch's own, whichever was faster at such sizes; the
choice depends on the sizes alone. States without gradients come from torch, which was faster at all sizes. On a GPU
the kernels of `lstm_batched` are used.
"""

from __future__ import annotations

from typing import Annotated

from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells import batched, gated, lstm_batched, lstm_fused, lstm_kernels
from longlag.cells.base import GradientTape, State, affine_drive, gate_shapes, gradient_tape, small_replicas, zero_start
from longlag.ranges import COUNT, part

# Units and sequences at which an update by `lstm_kernels` took less time than one by torch (AMD EPYC Zen 5, AVX-512, 20
# to 1000 steps): by a factor of 1.05 to 1.55 at 50 and 100 sequences, of 1.2 to 1.4 at 100 with AVX2 alone. At 16 units
# it was 0.9 to 1.3, from 128 units 0.95 to 1.15, at 20 sequences 0.5 to 1.25, mostly below 1.
_UNITS = range(24, 101)
_LEAST_SEQUENCES = 50


@part
class LSTM:
    """An LSTM cell. Its damped states are the hidden states, matched in squared distance (curvature 1)."""

    hidden: Annotated[int, COUNT] = 32
    shapes, drive, start = gate_shapes(4), affine_drive, zero_start(2)
    together = small_replicas(7, gated.TOGETHER_NUMBERS)

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        h, c = state
        i, f, g, o = (drive + h @ params["W_hh"]).chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return (h, c), h

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        if x.device.type != "cpu":
            return batched.states(lstm_batched.kind(x), params, x, start, scored)
        return lstm_fused.states(params, x, start, scored)

    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> GradientTape:
        runs: batched.Run | gated.GatedRuns | lstm_fused.FusedRuns
        if x.device.type != "cpu":
            runs = lstm_batched.kind(x).of(params, x, start, scored)
        elif self.hidden in _UNITS and x.shape[2] >= _LEAST_SEQUENCES:
            runs = gated.GatedRuns(lstm_kernels, params, x, start, scored)
        else:
            runs = lstm_fused.FusedRuns(params, x, start, scored)
        return gradient_tape(self, params, x, start, runs.states, runs.backward)
