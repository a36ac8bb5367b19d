"""torch's own fused LSTM on a CPU, replica by replica.

Deviations from torch.nn.LSTM: (1) one trainable bias per gate instead of two, whose sum would change twice as fast;
(2) the state is zero until a sequence starts: until then, an extra input shuts the input gate.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells.gated import NAMES

_SHUT = -1e4  # drives a sigmoid to zero in float32


def states(params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
    """Hidden states at the last steps, [R, K, B, H]; no derivatives."""
    rows = [{name: params[name][r] for name in NAMES} for r in range(len(x))]
    with torch.no_grad():
        return torch.stack([_hidden(*each)[-scored:] for each in zip(rows, x, start, strict=True)])


class FusedRuns:
    """States [R, K, B, H] and gradients of all replicas."""

    def __init__(self, params: Params, x: Tensor, start: Tensor, scored: int) -> None:
        self._leaves = [{k: params[k][r].detach().requires_grad_() for k in NAMES} for r in range(len(x))]
        with torch.enable_grad():
            self._hidden = [_hidden(*each)[-scored:] for each in zip(self._leaves, x, start, strict=True)]
        self.states = torch.stack([h.detach() for h in self._hidden])

    def backward(self, d_states: Tensor) -> dict[str, Tensor]:
        """Derivatives of the parameters from those of the scored states."""
        rows = [
            torch.autograd.grad(hidden, tuple(leaves.values()), d, retain_graph=True)
            for hidden, leaves, d in zip(self._hidden, self._leaves, d_states, strict=True)
        ]
        return {name: torch.stack([row[i] for row in rows]) for i, name in enumerate(NAMES)}


def _hidden(params: Mapping[str, Tensor], x: Tensor, start: Tensor) -> Tensor:
    """Hidden states of one replica, [T, B, H], from inputs [T, B, X] and starts [B]."""
    w_xh, w_hh, bias = (params[name] for name in NAMES)
    x, hidden = x.to(w_hh.dtype), len(w_hh)
    if start.any():
        held = (torch.arange(len(x))[:, None] < start).to(x.dtype)
        x = torch.cat([x, held.unsqueeze(-1)], -1)
        shut = torch.cat([x.new_full((1, hidden), _SHUT), x.new_zeros(1, 3 * hidden)], 1)
        w_xh = torch.cat([w_xh, shut])
    zero = x.new_zeros(1, x.shape[1], hidden)
    weights = (w_xh.T.contiguous(), w_hh.T.contiguous(), bias, torch.zeros_like(bias))
    return torch.lstm(x, (zero, zero), weights, True, 1, 0.0, True, False, False)[0]
