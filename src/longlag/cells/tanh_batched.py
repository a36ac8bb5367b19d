"""The formulas of `tanh_kernels` in torch, for all replicas at once (`batched`). GPUs use them.

A step is one batched product of R small matrices and one pointwise kernel, so twenty seeds cost a GPU about as much as
one. States are [R, T+1, B, H], inputs [R, T, B, X].
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells import batched


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
        return self._correlations(self._errors(d_states, d_damped))

    def errors(self, d_states: Tensor) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        errors = self._errors(d_states)
        return self._correlations(errors), self.h[:, 1:], errors

    def _errors(self, d_states: Tensor, d_damped: Tensor | None = None) -> Tensor:
        """d a_t of all steps, [R, T, B, H]."""
        steps, slopes = self.x.shape[1], self._slopes()
        transposed = self.params["W_hh"].transpose(1, 2)
        d_a, d_h = torch.empty_like(slopes), torch.zeros_like(self.h[:, 0])
        for t in reversed(range(steps)):
            if t >= steps - self.scored:
                d_h = d_h + d_states[:, t - (steps - self.scored)]
            if d_damped is None:
                torch.mul(d_h, slopes[:, t], out=d_a[:, t])
            else:
                torch.addcmul(d_damped[:, t], d_h, slopes[:, t], out=d_a[:, t])
            if t:
                d_h = torch.bmm(d_a[:, t], transposed)
        return d_a

    def _correlations(self, d_a: Tensor) -> dict[str, Tensor]:
        return {
            "W_xh": batched.correlation(self.x, d_a),
            "W_hh": batched.correlation(self.h[:, :-1], d_a),
            "b_h": d_a.sum((1, 2)),
        }

    def pushforward(self, tangent: Params) -> tuple[Tensor, Tensor]:
        slopes = self._slopes()
        r = batched.drive(tangent["W_xh"], tangent["b_h"], self.x)
        r += torch.bmm(self.h[:, :-1].flatten(1, 2), tangent["W_hh"]).view_as(r)
        for t in range(r.shape[1]):
            a = r[:, t] if t == 0 else r[:, t].baddbmm_(r[:, t - 1], self.params["W_hh"])
            a.mul_(slopes[:, t])
        return r[:, -self.scored :], r  # the curvature 1 - h^2 times R a is R h itself

    def _slopes(self) -> Tensor:
        slopes = 1 - self.h[:, 1:].square()
        return slopes if self.started is None else slopes * self.started


def linearise(params: Params, x: Tensor, start: Tensor, scored: int) -> BatchedTape:
    """The forward pass from x [R, T, B, X] and start [R, B]."""
    params = {name: params[name].detach() for name in ("W_xh", "W_hh", "b_h")}
    x = x.to(params["W_hh"].dtype)
    started = batched.started(x, start)
    drive = batched.drive(params["W_xh"], params["b_h"], x, started)
    h = batched.states_of(drive, drive.shape[-1])
    for t in range(x.shape[1]):
        torch.tanh(drive[:, t].baddbmm_(h[:, t], params["W_hh"]), out=h[:, t + 1])
    return BatchedTape(params, x, started, h, scored)


def states(params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
    """Hidden states at the last steps, [R, K, B, H]; no derivatives."""
    width = 2 * params["W_hh"].shape[1]
    return batched.in_pieces(lambda x, start: linearise(params, x, start, scored).states, width, x, start)
