"""The plain recurrent net: h_t = tanh(h_{t-1} W_hh + x_t W_xh + b_h), H units (Elman 1990)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from longlag.cells import tanh_batched
from longlag.cells import tanh_kernels as kernels
from longlag.cells.base import State, Tape, zero_state
from longlag.products import affine
from longlag.tree import Params

_NAMES = ("W_xh", "W_hh", "b_h")


@dataclass(frozen=True)
class TanhRNN:
    """A tanh cell. Its sites are the pre-activations, whose matching loss has curvature 1 - h^2."""

    hidden: int = 100

    def shapes(self, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
        return {"W_xh": (n_inputs, self.hidden), "W_hh": (self.hidden, self.hidden), "b_h": (self.hidden,)}

    def flops(self, params: Params) -> float:
        return 2.0 * self.hidden * (params["W_xh"].shape[1] + self.hidden)

    def drive(self, params: Params, x: Tensor) -> Tensor:
        return affine(x, params["W_xh"], params["b_h"])

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        pre_activation = drive + state[0] @ params["W_hh"]
        return (pre_activation.tanh(),), pre_activation

    def start(self, params: Params, batch: int) -> State:
        return zero_state(params, batch, self.hidden)

    def site_curvature(self, states: Tensor) -> Tensor:
        return 1 - states.square()

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        if x.device.type != "cpu":
            return tanh_batched.linearise(params, x, start, scored).states
        return _run(params, x, start).states(scored)

    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tape:
        if x.device.type != "cpu":
            return tanh_batched.linearise(params, x, start, scored)
        return TanhTape(_run(params, x, start), scored)


@dataclass(frozen=True)
class _Replica:
    """One replica's forward pass: weights, inputs [T, B, X + 1], awake [T0, B, 1], states h [T+1, B, H]."""

    w: dict[str, np.ndarray]
    x: np.ndarray
    awake: np.ndarray
    h: np.ndarray


@dataclass(frozen=True)
class _Run:
    replicas: list[_Replica]

    def states(self, scored: int) -> Tensor:
        return torch.stack([torch.from_numpy(r.h[-scored:]) for r in self.replicas])


def _run(params: Params, x: Tensor, start: Tensor) -> _Run:
    inputs, starts = x.numpy(), start.numpy()
    replicas = []
    for r in range(len(inputs)):
        w = _weights(params, r)
        with_one = np.ones((*inputs.shape[1:-1], inputs.shape[-1] + 1), dtype=w["W_hh"].dtype)
        with_one[..., :-1] = inputs[r]
        steps = np.arange(starts[r].max(initial=0))
        awake = (steps[:, None] >= starts[r]).astype(with_one.dtype)[..., None]
        replicas.append(_Replica(w, with_one, awake, kernels.forward(w, with_one, awake)))
    return _Run(replicas)


def _weights(params: Params, r: int) -> dict[str, np.ndarray]:
    """One replica's parameters as the kernels want them: the bias is the weight of a last input that is always one."""
    w_xh, w_hh, b_h = (params[name][r].detach().numpy() for name in _NAMES)
    return {"W_xh": np.concatenate([w_xh, b_h[None]]), "W_hh": np.ascontiguousarray(w_hh)}


class TanhTape:
    """The linearised tanh recurrence on the CPU, replica by replica."""

    def __init__(self, run: _Run, scored: int) -> None:
        self._replicas = run.replicas
        self.states = run.states(scored)

    def pullback(self, d_states: Tensor, d_sites: Tensor | None = None) -> dict[str, Tensor]:
        gradients = [
            kernels.backward(
                r.w, r.x, r.awake, r.h, d_states[i].numpy(), None if d_sites is None else d_sites[i].numpy()
            )
            for i, r in enumerate(self._replicas)
        ]
        w_xh, w_hh = (torch.stack([torch.from_numpy(g[name]) for g in gradients]) for name in ("W_xh", "W_hh"))
        return {"W_xh": w_xh[:, :-1], "W_hh": w_hh, "b_h": w_xh[:, -1]}

    def pushforward(self, tangent: Params) -> tuple[Tensor, Tensor]:
        rows = [
            torch.from_numpy(kernels.tangent(r.w, _weights(tangent, i), r.x, r.awake, r.h))
            for i, r in enumerate(self._replicas)
        ]
        hidden = rows[0].unsqueeze(0) if len(rows) == 1 else torch.stack(rows)
        # the curvature 1 - h^2 times R a is R h itself: the sites' tangents cost nothing
        return hidden[:, -self.states.shape[1] :], hidden
