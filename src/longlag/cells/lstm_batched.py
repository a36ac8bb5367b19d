"""The LSTM on a GPU with one pointwise kernel a step: those of torch's own LSTM cell, for all replicas at once.

The operations are those that nn.LSTMCell calls. They are internal to torch and exist on GPUs only. `works` therefore
compares them with `gated_batched.LSTMRun`, which takes their place where they are missing or compute something else.

    forward     igates [N, 4H], hgates [N, 4H], c [N, H] -> h, c [N, H], gates i, f, g, o after their functions [N, 4H]
    backward    d h, d c, c before, c after, gates, False -> d gates, d c before, none

N counts replicas and sequences, so steps come first here: [T, R B, ...].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells import batched
from longlag.cells.gated import NAMES
from longlag.cells.gated_batched import LSTMRun

_TOLERANCE = 1e-4  # of float32
_known: dict[str, bool] = {}  # by device


@dataclass(frozen=True)
class CellRun:
    """An LSTM. h and c: T + 1 states [R B, H]; gates: T times [R B, 4H]."""

    w_hh: Tensor
    x: Tensor
    started: Tensor | None
    h: list[Tensor]
    c: list[Tensor]
    gates: list[Tensor]
    scored: int

    @classmethod
    def of(cls, params: Params, x: Tensor, start: Tensor, scored: int) -> Self:
        w_xh, w_hh, b_h = (params[name].detach() for name in NAMES)
        x, started = x.to(w_hh.dtype), batched.started(x, start)
        drive = batched.drive(w_xh, b_h, x, started).transpose(0, 1).flatten(1, 2)  # [T, R B, 4H]
        replicas, hidden = w_hh.shape[:2]
        zero = drive.new_zeros(drive.shape[1], hidden)
        h, c, gates = [zero], [zero], list[Tensor]()
        for own in drive.unbind(0):
            recurrent = torch.bmm(h[-1].view(replicas, -1, hidden), w_hh).flatten(0, 1)
            after = _kernels().forward(own, recurrent, c[-1])
            for values, value in zip((h, c, gates), after, strict=True):
                values.append(value)
        return cls(w_hh, x, started, h, c, gates, scored)

    @property
    def states(self) -> Tensor:
        return self._replicas(self.h[-self.scored :])

    def backward(self, d_states: Tensor) -> dict[str, Tensor]:
        unscored, transposed = self.x.shape[1] - self.scored, self.w_hh.transpose(1, 2)
        d_h, d_c, d = torch.zeros_like(self.h[0]), torch.zeros_like(self.h[0]), []
        for t in reversed(range(self.x.shape[1])):
            if t >= unscored:
                d_h = d_h + d_states[:, t - unscored].flatten(0, 1)
            d_gates, d_c, _ = _kernels().backward(d_h, d_c, self.c[t], self.c[t + 1], self.gates[t], False)
            d.append(d_gates)
            if t:
                d_h = torch.bmm(d_gates.view(len(self.w_hh), -1, d_gates.shape[1]), transposed).flatten(0, 1)
        flat = self._replicas(d[::-1])
        if self.started is not None:
            flat.mul_(self.started)
        h = self._replicas(self.h[:-1])
        values = batched.correlation(self.x, flat), batched.correlation(h, flat), flat.sum((1, 2))
        return dict(zip(NAMES, values, strict=True))

    def _replicas(self, steps: list[Tensor]) -> Tensor:
        """Values of some steps [R B, N] -> [R, T, B, N]."""
        return torch.stack([value.view(len(self.w_hh), -1, value.shape[1]) for value in steps], 1)


@dataclass(frozen=True)
class Kernels:
    """The two operations."""

    forward: Any
    backward: Any


def _kernels() -> Kernels:
    return Kernels(torch.ops.aten._thnn_fused_lstm_cell, torch.ops.aten._thnn_fused_lstm_cell_backward_impl)


def kind(x: Tensor) -> type[batched.Run]:
    """The kernels for that device."""
    return CellRun if works(x.device) else LSTMRun


def works(device: torch.device) -> bool:
    """Whether the operations are there and agree with `LSTMRun`; asked once, and not while a graph is recorded."""
    if str(device) not in _known:
        if torch.cuda.is_available() and torch.cuda.is_current_stream_capturing():
            return False
        _known[str(device)] = _agree(device)
    return _known[str(device)]


def _agree(device: torch.device) -> bool:
    draw = torch.Generator().manual_seed(0)
    shapes = {"W_xh": (2, 3, 20), "W_hh": (2, 5, 20), "b_h": (2, 20)}
    params = {name: torch.randn(shape, generator=draw).to(device) for name, shape in shapes.items()}
    x, d = (torch.randn(shape, generator=draw).to(device) for shape in ((2, 6, 4, 3), (2, 2, 4, 5)))
    start = torch.tensor([[0, 2, 0, 4], [1, 0, 3, 0]], device=device)
    try:
        one, other = (run.of(params, x, start, 2) for run in (CellRun, LSTMRun))
        pairs = [(one.states, other.states), *zip(one.backward(d).values(), other.backward(d).values(), strict=True)]
    except (RuntimeError, AttributeError, ValueError, TypeError):
        return False
    return all(torch.allclose(a, b, rtol=_TOLERANCE, atol=_TOLERANCE) for a, b in pairs)
