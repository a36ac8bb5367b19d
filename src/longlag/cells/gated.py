"""What the numpy kernels of the gated cells share: layout, blocks of steps, and the way from tensors and back.

Units come before sequences, [H, B], so that every gate is one block of memory. The rows z_t = [h_t; x_{t+1}; 1] of a
step lie side by side: a step is one matrix product. Replicas are computed one after the other, so that a seed has the
same bits alone as in a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from longlag.algebra.tree import Params

Array = np.ndarray
NAMES = ("W_xh", "W_hh", "b_h")
_BLOCK_NUMBERS = 16_000  # at most, of one gate in a block of steps: all that a block touches stays in the cache
_CHUNK_SEQUENCES = 100  # whose states are computed at once where no derivatives are wanted


class Kernels(Protocol):
    """A module with the formulas of a cell, for one replica. w: what `weights` makes of its parameters."""

    def weights(self, w_xh: Array, w_hh: Array, b_h: Array) -> Any:
        """From [X, G], [H, G] and [G], G the gates side by side."""

    def forward(self, w: Any, x: Array, started: Array, scored: int, keep: bool) -> tuple[Array, Any]:
        """The last `scored` states [K, H, B] of inputs [T, B, X]; what `backward` needs, None unless it is to be kept.

        started: [T0, B], 0 where a sequence has not begun at the first T0 steps.
        """

    def backward(self, w: Any, kept: Any, started: Array, d_scored: Array) -> tuple[Array, Array, Array]:
        """The parameters' derivatives from those of the last states [K, H, B]."""


@dataclass(frozen=True)
class _Run:
    """A forward pass of one replica."""

    w: Any
    started: Array
    states: Array  # [K, H, B]
    kept: Any


class GatedRuns:
    """States [R, K, B, H] and gradients of all replicas by some kernels."""

    def __init__(self, kernels: Kernels, params: Params, x: Tensor, start: Tensor, scored: int) -> None:
        self._kernels = kernels
        self._runs = [_run(kernels, params, x, start, scored, r, keep=True) for r in range(len(x))]
        self.states = torch.stack([_sequences_first(run.states) for run in self._runs])

    def backward(self, d_states: Tensor) -> dict[str, Tensor]:
        rows = [
            self._kernels.backward(run.w, run.kept, run.started, np.ascontiguousarray(d.numpy().transpose(0, 2, 1)))
            for run, d in zip(self._runs, d_states, strict=True)
        ]
        return {n: torch.from_numpy(np.stack(found)) for n, found in zip(NAMES, zip(*rows, strict=True), strict=True)}


def states(kernels: Kernels, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
    """Hidden states at the last steps, [R, K, B, H], in pieces of the batch whose states fit into the cache."""
    pieces = [*zip(x.split(_CHUNK_SEQUENCES, 2), start.split(_CHUNK_SEQUENCES, 1), strict=True)]
    return torch.stack(
        [
            torch.cat(
                [_sequences_first(_run(kernels, params, *piece, scored, r, keep=False).states) for piece in pieces], 1
            )
            for r in range(len(x))
        ]
    )


def _run(kernels: Kernels, params: Params, x: Tensor, start: Tensor, scored: int, r: int, keep: bool) -> _Run:
    w = kernels.weights(*(params[name][r].detach().numpy() for name in NAMES))
    starts, dtype = start[r].numpy(), params["W_hh"].detach().numpy().dtype
    started = (np.arange(starts.max(initial=0))[:, None] >= starts).astype(dtype)
    return _Run(w, started, *kernels.forward(w, x[r].numpy(), started, scored, keep))


def _sequences_first(states: Array) -> Tensor:
    """[K, H, B] -> [K, B, H]."""
    return torch.from_numpy(np.ascontiguousarray(states.transpose(0, 2, 1)))


def rows_of(x: Array, hidden: int, dtype: np.dtype) -> Array:
    """z [T+1, K, B] with K = H + X + 1 from inputs [T, B, X]: the start state is zero, the other states are to come."""
    steps, batch, inputs = x.shape
    z = np.empty((steps + 1, hidden + inputs + 1, batch), dtype)
    z[:-1, hidden:-1] = x.transpose(0, 2, 1)
    z[:, -1] = 1
    z[0, :hidden] = 0
    return z


def blocks(steps: int, hidden: int, batch: int) -> tuple[int, list[tuple[int, int]]]:
    """The most steps of a block; the steps in blocks, as (first, last + 1)."""
    size = min(steps, max(1, _BLOCK_NUMBERS // (hidden * batch)))
    return size, [(first, min(first + size, steps)) for first in range(0, steps, size)]


def correlation(d: Array, z: Array) -> Array:
    """sum_t d_t z_t', [G, K], of d [S, G, B] and z [S, K, B]. BLAS is faster if z' lies in memory as it is read."""
    return np.matmul(d, np.ascontiguousarray(z.swapaxes(1, 2))).sum(0)


def each(numbers: Sequence[float], like: Array) -> Array:
    """A number for each gate, [gates, 1]."""
    return np.array(numbers, like.dtype)[:, None]
