"""What the numpy kernels of the gated cells share: layout, blocks of steps, and the way from tensors and back.

Units come before sequences, [H, B], so that every gate is one block of memory. The rows z_t = [h_t; x_{t+1}; 1] of a
step lie side by side: a step is one matrix product. Replicas are computed one after the other, so that a seed has the
same bits alone as in a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells.sequences import in_chunks

Array = np.ndarray
NAMES = ("W_xh", "W_hh", "b_h")
_BLOCK_NUMBERS = 64_000  # at most, of one gate in a block of steps: all that a block touches stays in the cache
TOGETHER_NUMBERS = 1_300_000  # five seeds together took 0.6 to 0.9 of their time below this, 0.94 to 1.14 above it


class Kernels(Protocol):
    """A module with the formulas of a cell, for one replica. w: what `weights` makes of its parameters."""

    def weights(self, w_xh: Array, w_hh: Array, b_h: Array) -> Any:
        """From [X, G], [H, G] and [G], G the gates side by side."""

    def forward(self, w: Any, x: Array, started: Array, scored: int) -> tuple[Array, Any]:
        """The last `scored` states [K, H, B] of inputs [T, B, X], and what `backward` needs.

        started: [T0, B], 0 where a sequence has not begun at the first T0 steps.
        """

    def backward(self, w: Any, kept: Any, started: Array, d_scored: Array) -> tuple[Array, Array, Array]:
        """The parameters' derivatives from those of the last states [K, H, B]."""


class ForwardKernels(Kernels, Protocol):
    """Kernels with a forward pass of their own where no derivatives are wanted."""

    def states(self, w: Any, x: Array, started: Array, scored: int) -> Array:
        """The states of `forward`."""


class GatedRuns:
    """States [R, K, B, H] and gradients of all replicas by some kernels."""

    def __init__(self, kernels: Kernels, params: Params, x: Tensor, start: Tensor, scored: int) -> None:
        self._kernels, self._given = kernels, _replicas(kernels, params, x, start)
        self._runs = [kernels.forward(w, inputs, started, scored) for w, inputs, started in self._given]
        self.states = torch.stack([_sequences_first(scored_states) for scored_states, _ in self._runs])

    def backward(self, d_states: Tensor) -> dict[str, Tensor]:
        rows = [
            self._kernels.backward(w, kept, started, np.ascontiguousarray(d.numpy().transpose(0, 2, 1)))
            for (w, _, started), (_, kept), d in zip(self._given, self._runs, d_states, strict=True)
        ]
        return {n: torch.from_numpy(np.stack(found)) for n, found in zip(NAMES, zip(*rows, strict=True), strict=True)}


class StackedRuns:
    """`GatedRuns` by one call of kernels whose arrays may have a replica axis, [T, R, H, B] for [T, H, B]: of small
    batches the time goes into calls, and ten replicas take little more than one. A replica's bits are the same."""

    def __init__(self, kernels: Kernels, params: Params, x: Tensor, start: Tensor, scored: int) -> None:
        arrays, starts = [params[name].detach().numpy() for name in NAMES], start.numpy()
        begun = np.arange(starts.max(initial=0))[:, None, None] >= starts  # [T0, R, B]
        self._kernels, self._started = kernels, begun[:, :, None].astype(arrays[0].dtype)
        self._w = kernels.weights(*arrays)
        found, self._kept = kernels.forward(self._w, x.numpy().transpose(1, 0, 2, 3), self._started, scored)
        self.states = torch.from_numpy(np.ascontiguousarray(found.transpose(1, 0, 3, 2)))

    def backward(self, d_states: Tensor) -> dict[str, Tensor]:
        d_scored = np.ascontiguousarray(d_states.numpy().transpose(1, 0, 3, 2))
        found = self._kernels.backward(self._w, self._kept, self._started, d_scored)
        return {name: torch.from_numpy(np.ascontiguousarray(d)) for name, d in zip(NAMES, found, strict=True)}


def states(kernels: ForwardKernels, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
    """Hidden states at the last steps, [R, K, B, H], in chunks whose states fit into the cache."""

    def of_chunk(x: Tensor, start: Tensor) -> Tensor:
        replicas = _replicas(kernels, params, x, start)
        return torch.stack([_sequences_first(kernels.states(*given, scored)) for given in replicas])

    return in_chunks(of_chunk, x, start)


def _replicas(kernels: Kernels, params: Params, x: Tensor, start: Tensor) -> list[tuple[Any, Array, Array]]:
    """Weights, inputs [T, B, X] and `started` of each replica."""
    found = []
    for r, (inputs, starts) in enumerate(zip(x.numpy(), start.numpy(), strict=True)):
        arrays = [params[name][r].detach().numpy() for name in NAMES]
        started = (np.arange(starts.max(initial=0))[:, None] >= starts).astype(arrays[0].dtype)
        found.append((kernels.weights(*arrays), inputs, started))
    return found


def _sequences_first(hidden: Array) -> Tensor:
    """[K, H, B] -> [K, B, H]."""
    return torch.from_numpy(np.ascontiguousarray(hidden.transpose(0, 2, 1)))


def rows_of(x: Array, hidden: int, dtype: np.dtype) -> Array:
    """z [T+1, K, B] with K = H + X + 1 from inputs [T, B, X]: the start state is zero, the other states are to come.
    Replicas may stand after time in both."""
    steps, *replicas, batch, inputs = x.shape
    z = np.empty((steps + 1, *replicas, hidden + inputs + 1, batch), dtype)
    z[:-1, ..., hidden:-1, :] = x.swapaxes(-1, -2)
    z[..., -1, :] = 1
    z[0, ..., :hidden, :] = 0
    return z


def blocks(steps: int, hidden: int, batch: int) -> tuple[int, list[tuple[int, int]]]:
    """The most steps of a block; the steps in blocks, as (first, last + 1)."""
    size = min(steps, max(1, _BLOCK_NUMBERS // (hidden * batch)))
    return size, [(first, min(first + size, steps)) for first in range(0, steps, size)]


def correlation(d: Array, z: Array) -> Array:
    """sum_t d_t z_t', [G, K], of d [S, G, B] and z [S, K, B]. BLAS is faster if z' lies in memory as it is read.
    Replicas may stand after the steps."""
    return np.matmul(d, np.ascontiguousarray(z.swapaxes(-1, -2))).sum(0)


def each(numbers: Sequence[float], like: Array) -> Array:
    """A number for each gate, [gates, 1]."""
    return np.array(numbers, like.dtype)[:, None]
