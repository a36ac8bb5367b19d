"""An echo state reservoir of leaky tanh units (Jaeger 2001; Jaeger et al. 2007).

    h_t = (1 - a) h_{t-1} + a tanh(h_{t-1} W_hh + x_t W_xh + b_h),   a the leaking rate

On the CPU the recurrent matrix is sparse and acts on all sequences at once, hidden units first ([H, B]).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from longlag.cells.base import State, Tape, autograd_tape, unroll, zero_state
from longlag.products import affine
from longlag.tree import Params

_DENSE_UNTIL = 0.25  # above this share of non-zero weights a dense product is the faster one


@dataclass(frozen=True)
class Reservoir:
    """A leaky reservoir; leak 1 is a plain tanh net."""

    hidden: int = 100
    leak: float = 1.0

    def shapes(self, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
        return {"W_xh": (n_inputs, self.hidden), "W_hh": (self.hidden, self.hidden), "b_h": (self.hidden,)}

    def flops(self, params: Params) -> float:
        connections = params["W_hh"].count_nonzero().item() / len(params["W_hh"])
        return 2.0 * (connections + self.hidden * params["W_xh"].shape[1])

    def drive(self, params: Params, x: Tensor) -> Tensor:
        return affine(x, params["W_xh"], params["b_h"])

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        new = torch.tanh(drive + state[0] @ params["W_hh"])
        h = (1 - self.leak) * state[0] + self.leak * new
        return (h,), h

    def start(self, params: Params, batch: int) -> State:
        return zero_state(params, batch, self.hidden)

    def site_curvature(self, states: Tensor) -> Tensor:
        return torch.ones_like(states)

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        if x.device.type != "cpu":
            with torch.no_grad():
                return unroll(self, params, x, start)[0][:, -scored:]
        rows = [self._run({k: v[r] for k, v in params.items()}, x[r], start[r], scored) for r in range(len(x))]
        return torch.stack(rows)

    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tape:
        return autograd_tape(self, params, x, start, scored)

    def _run(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        """One replica: [T, B, X] -> [K, B, H]."""
        w_in = params["W_xh"].T.contiguous()  # [H, X]
        recurrent = _operator(params["W_hh"].T.contiguous())  # [H, H]
        bias = params["b_h"].unsqueeze(1)
        inputs = x.to(w_in.dtype).transpose(1, 2).contiguous()  # [T, X, B]
        h = w_in.new_zeros(self.hidden, x.shape[1])
        new, kept = torch.empty_like(h), []
        last_start = int(start.max())
        for t in range(len(inputs)):
            torch.mm(recurrent, h, out=new)
            new += torch.addmm(bias, w_in, inputs[t])
            np.tanh(new.numpy(), out=new.numpy())
            h.lerp_(new, self.leak)
            if t < last_start:
                h *= (start <= t).to(h.dtype)
            if t >= len(inputs) - scored:
                kept.append(h.T.clone())
        return torch.stack(kept)


def _operator(matrix: Tensor) -> Tensor:
    """The matrix in the format whose products are the faster ones."""
    if matrix.count_nonzero().item() > _DENSE_UNTIL * matrix.numel():
        return matrix
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta state")
        return matrix.to_sparse_csr()
