"""Long short-term memory (Hochreiter & Schmidhuber 1997) with forget gates (Gers, Schmidhuber & Cummins 2000).

    i, f, g, o = split(x_t W_xh + h_{t-1} W_hh + b_h)
    c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g),   h_t = sigmoid(o) tanh(c_t)

Deviations from torch.nn.LSTM: (1) one trainable bias per gate instead of two, whose sum would change twice as fast;
(2) the state is zero until a sequence starts: in the fused kernel, an extra input shuts the input gate.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells.base import GradientTape, State, affine_drive, gate_shapes, gradient_tape, zero_start
from longlag.ranges import COUNT, part

_NAMES = ("W_xh", "W_hh", "b_h")
_SHUT = -1e4  # drives a sigmoid to zero in float32


@part
class LSTM:
    """An LSTM cell. Its damped states are the hidden states, matched in squared distance (curvature 1)."""

    hidden: Annotated[int, COUNT] = 32
    shapes, drive, start = gate_shapes(4), affine_drive, zero_start(2)

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        h, c = state
        i, f, g, o = (drive + h @ params["W_hh"]).chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return (h, c), h

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor | None:
        if x.device.type != "cpu":
            return None
        with torch.no_grad():
            return torch.stack([_fused(params, x, start, r)[-scored:] for r in range(len(x))])

    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> GradientTape | None:
        if x.device.type != "cpu":
            return None
        fused = _Fused(params, x, start, scored)
        return gradient_tape(self, params, x, start, fused.states, fused.backward)


class _Fused:
    """States and gradients by torch's fused LSTM, replica by replica."""

    def __init__(self, params: Params, x: Tensor, start: Tensor, scored: int) -> None:
        self._leaves = [{k: params[k][r].detach().requires_grad_() for k in _NAMES} for r in range(len(x))]
        with torch.enable_grad():
            own = [{k: v.unsqueeze(0) for k, v in leaves.items()} for leaves in self._leaves]
            self._hidden = [_fused(own[r], x[r : r + 1], start[r : r + 1], 0)[-scored:] for r in range(len(x))]
        self.states = torch.stack([h.detach() for h in self._hidden])

    def backward(self, d_states: Tensor) -> dict[str, Tensor]:
        rows = [
            torch.autograd.grad(hidden, tuple(leaves.values()), d, retain_graph=True)
            for hidden, leaves, d in zip(self._hidden, self._leaves, d_states, strict=True)
        ]
        return {name: torch.stack([row[i] for row in rows]) for i, name in enumerate(_NAMES)}


def _fused(params: Params, x: Tensor, start: Tensor, r: int) -> Tensor:
    """Hidden states of replica r, [T, B, H]."""
    w_xh, w_hh, bias = (params[name][r] for name in _NAMES)
    xr = x[r].to(w_hh.dtype)
    hidden = len(w_hh)
    if start[r].any():
        held = (torch.arange(len(xr))[:, None] < start[r]).to(xr.dtype)
        xr = torch.cat([xr, held.unsqueeze(-1)], -1)
        shut = torch.cat([xr.new_full((1, hidden), _SHUT), xr.new_zeros(1, 3 * hidden)], 1)
        w_xh = torch.cat([w_xh, shut])
    zero = xr.new_zeros(1, xr.shape[1], hidden)
    weights = (w_xh.T.contiguous(), w_hh.T.contiguous(), bias, torch.zeros_like(bias))
    return torch.lstm(xr, (zero, zero), weights, True, 1, 0.0, True, False, False)[0]
