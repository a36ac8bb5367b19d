"""The formulas of `lstm_kernels` and `gru_kernels` in torch, for all replicas at once (`batched`). GPUs use them.

Gates lie side by side, so a step forward is one product and 6 pointwise kernels of an LSTM, 4 of a GRU. Factors of the
derivatives are computed for all steps at once, as on a CPU. A step backward is then one product and 4 pointwise kernels
of an LSTM, 2 of a GRU. Gradients of the weights are one product at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells import batched
from longlag.cells.gated import NAMES

_d_sigmoid = torch.ops.aten.sigmoid_backward.grad_input  # (d, y) -> d y (1 - y)
_d_tanh = torch.ops.aten.tanh_backward.grad_input  # (d, y) -> d (1 - y^2)


@dataclass(frozen=True)
class LSTMRun:
    """An LSTM. gates [R, T, B, 4, H]: i, f, o, g after their functions; h and c [R, T+1, B, H]; tanh_c [R, T, B, H]."""

    w_hh: Tensor
    x: Tensor
    started: Tensor | None
    h: Tensor
    c: Tensor
    gates: Tensor
    tanh_c: Tensor
    scored: int

    @classmethod
    def of(cls, params: Params, x: Tensor, start: Tensor, scored: int) -> Self:
        own = [params[name].detach() for name in NAMES]
        x, hidden = x.to(own[1].dtype), own[1].shape[1]
        w_xh, w_hh, b_h = (torch.cat([w[..., i] for i in _gates(hidden, 0, 1, 3, 2)], -1) for w in own)
        started = batched.started(x, start)
        drive = batched.drive(w_xh, b_h, x, started)
        h, c, gates = batched.states_of(drive, hidden), batched.states_of(drive, hidden), drive.unflatten(-1, (4, -1))
        tanh_c = torch.empty_like(h[:, 1:])
        for t in range(x.shape[1]):
            drive[:, t].baddbmm_(h[:, t], w_hh)
            gates[:, t, :, :3].sigmoid_()
            gates[:, t, :, 3].tanh_()
            i, f, o, g = gates[:, t].unbind(2)
            torch.mul(i, g, out=c[:, t + 1]).addcmul_(f, c[:, t])
            torch.tanh(c[:, t + 1], out=tanh_c[:, t])
            torch.mul(o, tanh_c[:, t], out=h[:, t + 1])
        return cls(own[1], x, started, h, c, gates, tanh_c, scored)

    @property
    def states(self) -> Tensor:
        return self.h[:, -self.scored :]

    def backward(self, d_states: Tensor) -> dict[str, Tensor]:
        unscored, transposed = self.x.shape[1] - self.scored, self.w_hh.transpose(1, 2)
        d_a, through = self._factors()
        d_h, d_c = torch.zeros_like(self.h[:, 0]), torch.zeros_like(self.h[:, 0])
        for t in reversed(range(self.x.shape[1])):
            if t >= unscored:
                d_h = d_h + d_states[:, t - unscored]
            d_c.addcmul_(through[:, t], d_h)
            d_a[:, t, :, :3].mul_(d_c.unsqueeze(2))  # *= would copy the result to its own place
            d_a[:, t, :, 3].mul_(d_h)
            if t:
                d_c *= self.gates[:, t, :, 1]
                d_h = torch.bmm(d_a[:, t].flatten(2), transposed)
        flat = _masked(d_a.flatten(3), self.started)
        values = batched.correlation(self.x, flat), batched.correlation(self.h[:, :-1], flat), flat.sum((1, 2))
        return dict(zip(NAMES, values, strict=True))

    def _factors(self) -> tuple[Tensor, Tensor]:
        """What d c_t is multiplied with for i, f, g, and d h_t for o, [R, T, B, 4, H]; the way from d h_t to d c_t."""
        i, f, o, g = self.gates.unbind(3)
        factors, through = torch.empty_like(self.gates), torch.empty_like(self.tanh_c)
        of_i, of_f, of_g, of_o = factors.unbind(3)
        _d_sigmoid(g, i, grad_input=of_i)
        _d_sigmoid(self.c[:, :-1], f, grad_input=of_f)
        _d_tanh(i, g, grad_input=of_g)
        _d_sigmoid(self.tanh_c, o, grad_input=of_o)
        return factors, _d_tanh(o, self.tanh_c, grad_input=through)


@dataclass(frozen=True)
class GRURun:
    """A GRU. gates [R, T, B, 3, H]: r, u, and m the recurrent part of n; n [R, T, B, H]; h [R, T+1, B, H]."""

    w_hh: Tensor
    x: Tensor
    started: Tensor | None
    h: Tensor
    gates: Tensor
    n: Tensor
    scored: int

    @classmethod
    def of(cls, params: Params, x: Tensor, start: Tensor, scored: int) -> Self:
        w_xh, w_hh, b_h = (params[name].detach() for name in NAMES)
        x, hidden = x.to(w_hh.dtype), w_hh.shape[1]
        started = batched.started(x, start)
        drive = batched.drive(w_xh, b_h, x, started)
        n, gates = drive[..., 2 * hidden :].clone(), drive.unflatten(-1, (3, -1))
        gates[..., 2, :] = 0
        h = batched.states_of(drive, hidden)
        for t in range(x.shape[1]):
            drive[:, t].baddbmm_(h[:, t], w_hh)
            gates[:, t, :, :2].sigmoid_()
            r, u, m = gates[:, t].unbind(2)
            n[:, t].addcmul_(r, m).tanh_()
            torch.lerp(n[:, t], h[:, t], u, out=h[:, t + 1])
        return cls(w_hh, x, started, h, gates, n, scored)

    @property
    def states(self) -> Tensor:
        return self.h[:, -self.scored :]

    def backward(self, d_states: Tensor) -> dict[str, Tensor]:
        unscored, transposed, hidden = self.x.shape[1] - self.scored, self.w_hh.transpose(1, 2), self.w_hh.shape[1]
        d, d_h = self._factors(), torch.zeros_like(self.h[:, 0])
        for t in reversed(range(self.x.shape[1])):
            if t >= unscored:
                d_h = d_h + d_states[:, t - unscored]
            d[:, t].mul_(d_h.unsqueeze(2))
            if t:
                d_h = (d_h * self.gates[:, t, :, 1]).baddbmm_(d[:, t, :, :3].flatten(2), transposed)
        flat = _masked(d.flatten(3), self.started)
        kept = _gates(hidden, 0, 1, 3)
        w_xh, b_h = batched.correlation(self.x, flat), flat.sum((1, 2))
        values = (
            torch.cat([w_xh[..., i] for i in kept], -1),
            batched.correlation(self.h[:, :-1], flat[..., : 3 * hidden]),
            torch.cat([b_h[..., i] for i in kept], -1),
        )
        return dict(zip(NAMES, values, strict=True))

    def _factors(self) -> Tensor:
        """What d h_t is multiplied with for r, u, m and n, [R, T, B, 4, H]."""
        r, u, m = self.gates.unbind(3)
        factors = self.gates.new_empty(*self.gates.shape[:3], 4, self.gates.shape[4])
        of_r, of_u, of_m, of_n = factors.unbind(3)
        _d_tanh(1 - u, self.n, grad_input=of_n)
        _d_sigmoid(of_n * m, r, grad_input=of_r)
        _d_sigmoid(self.h[:, :-1] - self.n, u, grad_input=of_u)
        torch.mul(of_n, r, out=of_m)
        return factors


def _gates(hidden: int, *order: int) -> list[slice]:
    """The columns of these gates."""
    return [slice(gate * hidden, (gate + 1) * hidden) for gate in order]


def _masked(d: Tensor, started: Tensor | None) -> Tensor:
    """Derivatives [R, T, B, G]; those of steps at which a sequence has not begun are none."""
    return d if started is None else d.mul_(started)
