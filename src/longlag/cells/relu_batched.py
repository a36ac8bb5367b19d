"""The formulas of `relu_kernels` in torch, for all replicas at once (`batched`). GPUs use them.

A step is one product and one pointwise kernel, in both directions. A unit that has not begun is zero, hence off: its
derivatives need no mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells import batched
from longlag.cells.gated import NAMES


@dataclass(frozen=True)
class ReluRun:
    """A forward pass: inputs x [R, T, B, X], states h [R, T+1, B, H]."""

    w_hh: Tensor
    x: Tensor
    h: Tensor
    scored: int

    @classmethod
    def of(cls, params: Params, x: Tensor, start: Tensor, scored: int) -> Self:
        w_xh, w_hh, b_h = (params[name].detach() for name in NAMES)
        x = x.to(w_hh.dtype)
        drive = batched.drive(w_xh, b_h, x, batched.started(x, start))
        h = batched.states_of(drive, drive.shape[-1])
        for t in range(x.shape[1]):
            torch.clamp_min(drive[:, t].baddbmm_(h[:, t], w_hh), 0, out=h[:, t + 1])
        return cls(w_hh, x, h, scored)

    @property
    def states(self) -> Tensor:
        return self.h[:, -self.scored :]

    def backward(self, d_states: Tensor) -> dict[str, Tensor]:
        unscored, transposed = self.x.shape[1] - self.scored, self.w_hh.transpose(1, 2)
        d_a, d_h = (self.h[:, 1:] > 0).to(self.h.dtype), torch.zeros_like(self.h[:, 0])
        for t in reversed(range(self.x.shape[1])):
            if t >= unscored:
                d_h = d_h + d_states[:, t - unscored]
            d_a[:, t].mul_(d_h)
            if t:
                d_h = torch.bmm(d_a[:, t], transposed)
        values = batched.correlation(self.x, d_a), batched.correlation(self.h[:, :-1], d_a), d_a.sum((1, 2))
        return dict(zip(NAMES, values, strict=True))
