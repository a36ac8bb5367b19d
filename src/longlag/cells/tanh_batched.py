"""The formulas of `tanh_kernels` in torch, for all replicas at once. GPUs use them.

A step is one batched product of R small matrices and one pointwise kernel, so twenty seeds cost a GPU about as much as
one. States are [R, T+1, B, H], inputs [R, T, B, X]. No autograd graph is built. Products that do not depend on the
step before are computed for all steps at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from longlag.algebra.tree import Params


@dataclass(frozen=True)
class BatchedTape:
    """The linearised tanh recurrence; `started` [R, T, B, 1] is None where all sequences begin at the first step."""

    params: Params
    x: Tensor
    started: Tensor | None
    h: Tensor  # [R, T+1, B, H]
    scored: int

    @property
    def states(self) -> Tensor:
        return self.h[:, -self.scored :]

    def pullback(self, d_states: Tensor, d_damped: Tensor | None = None) -> dict[str, Tensor]:
        steps, slopes = self.x.shape[1], self._slopes()
        transposed = self.params["W_hh"].transpose(1, 2)
        d_a, d_h = torch.empty_like(slopes), torch.zeros_like(self.h[:, 0])
        for t in reversed(range(steps)):
            if t >= steps - self.scored:
                d_h = d_h + d_states[:, t - (steps - self.scored)]
            torch.mul(d_h, slopes[:, t], out=d_a[:, t])
            if d_damped is not None:
                d_a[:, t] += d_damped[:, t]
            d_h = torch.bmm(d_a[:, t], transposed)
        flat = d_a.flatten(1, 2)
        return {
            "W_xh": torch.bmm(self.x.flatten(1, 2).transpose(1, 2), flat),
            "W_hh": torch.bmm(self.h[:, :-1].flatten(1, 2).transpose(1, 2), flat),
            "b_h": flat.sum(1),
        }

    def pushforward(self, tangent: Params) -> tuple[Tensor, Tensor]:
        slopes = self._slopes()
        r = _drive(tangent, self.x)
        r += torch.bmm(self.h[:, :-1].flatten(1, 2), tangent["W_hh"]).view_as(r)
        for t in range(r.shape[1]):
            a = r[:, t] if t == 0 else torch.baddbmm(r[:, t], r[:, t - 1], self.params["W_hh"])
            torch.mul(a, slopes[:, t], out=r[:, t])
        return r[:, -self.scored :], r  # the curvature 1 - h^2 times R a is R h itself

    def _slopes(self) -> Tensor:
        slopes = 1 - self.h[:, 1:].square()
        return slopes if self.started is None else slopes * self.started


def linearise(params: Params, x: Tensor, start: Tensor, scored: int) -> BatchedTape:
    """The forward pass from x [R, T, B, X] and start [R, B]."""
    params = {name: params[name].detach() for name in ("W_xh", "W_hh", "b_h")}
    x = x.to(params["W_hh"].dtype)
    steps = torch.arange(x.shape[1], device=x.device)
    late = x.device.type != "cpu" or bool(start.any())  # to ask a GPU would wait for it, and ends a recording
    started = (steps[:, None] >= start.unsqueeze(1)).to(x.dtype).unsqueeze(-1) if late else None
    drive = _drive(params, x)
    h = drive.new_zeros(drive.shape[0], drive.shape[1] + 1, *drive.shape[2:])
    for t in range(x.shape[1]):
        torch.tanh(torch.baddbmm(drive[:, t], h[:, t], params["W_hh"]), out=h[:, t + 1])
        if started is not None:
            h[:, t + 1] *= started[:, t]
    return BatchedTape(params, x, started, h, scored)


def _drive(params: Params, x: Tensor) -> Tensor:
    """x W_xh + b_h at all steps, [R, T, B, H]."""
    flat = torch.baddbmm(params["b_h"].unsqueeze(1), x.flatten(1, 2), params["W_xh"])
    return flat.unflatten(1, x.shape[1:3])
