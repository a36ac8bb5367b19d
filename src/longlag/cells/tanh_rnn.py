"""The plain recurrent net: h_t = tanh(h_{t-1} W_hh + x_t W_xh + b_h), H units (Elman 1990)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells import tanh_batched
from longlag.cells import tanh_kernels as kernels
from longlag.cells.base import State, Tape, affine_drive, plain_shapes, small_replicas
from longlag.cells.sequences import in_chunks
from longlag.ranges import COUNT, part

_PROGRAM_NUMBERS = 10_000  # at most, of a state [R, B, H]: smaller replicas share a program, which saves calls
_TOGETHER_NUMBERS = 600_000  # five seeds together took 0.5 to 0.8 of their time at 200,000, 0.95 at 700,000, then 1.1


@part
class TanhRNN:
    """A tanh cell. Its damped states are the pre-activations, whose matching loss has curvature 1 - h^2."""

    hidden: Annotated[int, COUNT] = 100
    shapes, drive, together = plain_shapes, affine_drive, small_replicas(1, _TOGETHER_NUMBERS)

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        pre_activation = drive + state[0] @ params["W_hh"]
        return (pre_activation.tanh(),), pre_activation

    def matching_curvature(self, states: Tensor) -> Tensor:
        return 1 - states.square()

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        if x.device.type != "cpu":
            return tanh_batched.states(params, x, start, scored)
        return in_chunks(lambda x, start: TanhTape(_run(params, x, start), scored).states, x, start)

    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tape:
        if x.device.type != "cpu":
            return tanh_batched.linearise(params, x, start, scored)
        return TanhTape(_run(params, x, start), scored)


@dataclass(frozen=True)
class _Run:
    """A forward pass of some replicas in the layout of `tanh_kernels`."""

    w: np.ndarray  # [R, K, H]
    started: np.ndarray  # [R, T0, B, 1]
    z: np.ndarray  # [R, T+1, B, K]


def _run(params: Params, x: Tensor, start: Tensor) -> list[_Run]:
    """Replicas with small states share a program; the others run one after the other."""
    inputs, starts, weights = x.numpy(), start.numpy(), _weights(params)
    size = max(1, _PROGRAM_NUMBERS // (inputs.shape[2] * weights.shape[2]))
    runs = []
    for first in range(0, len(inputs), size):
        some = slice(first, first + size)
        steps = np.arange(starts[some].max(initial=0))
        started = (steps[:, None] >= starts[some, None]).astype(weights.dtype)[..., None]
        runs.append(_Run(weights[some], started, kernels.forward(weights[some], inputs[some], started)))
    return runs


def _weights(params: Params) -> np.ndarray:
    """The parameters in the layout of the kernels, [W_hh; W_xh; b_h]."""
    w_hh, w_xh, b_h = (params[name].detach().numpy() for name in ("W_hh", "W_xh", "b_h"))
    return kernels.aligned_copy(np.concatenate([w_hh, w_xh, b_h[:, None]], 1))


class TanhTape:
    """The linearised tanh recurrence on the CPU."""

    def __init__(self, runs: list[_Run], scored: int) -> None:
        self._runs = runs
        self.states = _joined([run.z[:, -scored:, :, : run.w.shape[2]] for run in runs])

    def pullback(self, d_states: Tensor, d_damped: Tensor | None = None) -> dict[str, Tensor]:
        sizes = [len(run.w) for run in self._runs]
        d_scored = [d.numpy() for d in d_states.split(sizes)]
        damped = [None] * len(sizes) if d_damped is None else [d.numpy() for d in d_damped.split(sizes)]
        d_w = _joined(
            [
                kernels.backward(run.w, run.z, run.started, d, s)
                for run, d, s in zip(self._runs, d_scored, damped, strict=True)
            ]
        )
        return _named(d_w)

    def errors(self, d_states: Tensor) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        rows, hidden = [], self.states.shape[-1]
        for run, d in zip(self._runs, d_states.split([len(run.w) for run in self._runs]), strict=True):
            h = run.z[:, 1:, :, :hidden]
            errors = np.empty(h.shape, h.dtype)
            rows.append((kernels.backward(run.w, run.z, run.started, d.numpy(), errors=errors), h, errors))
        d_w, states, errors_of_all = (_joined(list(parts)) for parts in zip(*rows, strict=True))
        return _named(d_w), states, errors_of_all

    def per_sequence_vjp(self, d_states: Tensor) -> dict[str, Tensor]:
        sizes = [len(run.w) for run in self._runs]
        parts = zip(self._runs, d_states.split(sizes, 1), strict=True)
        each = [
            torch.from_numpy(kernels.backward_per_sequence(run.w, run.z, run.started, d.numpy())) for run, d in parts
        ]
        return _named(each[0] if len(each) == 1 else torch.cat(each, 1))

    def pushforward(self, tangent: Params) -> tuple[Tensor, Tensor]:
        directions, first, rows = _weights(tangent), 0, []
        for run in self._runs:
            rows.append(kernels.tangent(run.w, directions[first : first + len(run.w)], run.z, run.started))
            first += len(run.w)
        hidden = _joined(rows)
        # the curvature 1 - h^2 times R a is R h itself: the damped states' tangents cost nothing
        return hidden[:, -self.states.shape[1] :], hidden


def _named(w: Tensor) -> dict[str, Tensor]:
    """[..., K, H] -> the parameters by name."""
    hidden = w.shape[-1]
    return {"W_xh": w[..., hidden:-1, :], "W_hh": w[..., :hidden, :], "b_h": w[..., -1, :]}


def _joined(arrays: list[np.ndarray]) -> Tensor:
    """Joins the arrays along the replica axis."""
    parts = [torch.from_numpy(array) for array in arrays]
    return parts[0] if len(parts) == 1 else torch.cat(parts)
