"""Hand-written kernels of the LSTM of 1997, on numpy arrays of the layout of `gated`.

With p = tanh(a / 2) of all units, powers of two folded into the weights: 4 sigmoid - 2 = 2 p, sigmoid = (1 + p) / 2.

    rows       z_t = [u_t; x_{t+1}; 1],   u = [y, i, o]
    forward    s_t = s_{t-1} + (1 + p_i) p_g,   y_t = (1 + p_o) tanh(s_t / 2) / 2
    backward   d s_t = d s_{t+1} + d y_t (1 + p_o) (1 - tanh^2(s_t / 2)) / 4
               d a_g = d s_t (1 + p_i) (1 - p_g^2) / 2,   d a_i = sum over cells d s_t p_g (1 - p_i^2) / 2
               d a_o = sum over cells d y_t tanh(s_t / 2) (1 - p_o^2) / 4,   d W = sum_t d a_t z_{t-1}'

The gradient is truncated, so that d s is a sum over time, and all else is computed for all steps at once.
Arrays may have a replica axis after that of time, [T, R, U, B] for [T, U, B]: `gated.StackedRuns` computes all replicas
so, which gives each the same bits and saves calls where batches are small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from longlag.cells.gated import Array, correlation, rows_of


@dataclass(frozen=True)
class Kept:
    """z [T+1, K, B], p [T, U, B] and tanh(s / 2) [T, H, B]."""

    z: Array
    p: Array
    squashed: Array


@dataclass(frozen=True)
class Blocks:
    """The kernels for some number of cells in blocks."""

    hidden: int
    blocks: int

    def weights(self, w_xh: Array, w_hh: Array, b_h: Array) -> Array:
        """W' / 2, [U, K], or [R, U, K]."""
        rows = np.concatenate([w_hh, w_xh, b_h[..., None, :]], -2)
        return np.ascontiguousarray(rows.swapaxes(-1, -2)) / 2

    def forward(self, w: Array, x: Array, started: Array, scored: int) -> tuple[Array, Kept]:
        (steps, *replicas, batch, _), units, hidden = x.shape, w.shape[-2], self.hidden
        z, p = rows_of(x, units, w.dtype), np.empty((steps, *replicas, units, batch), w.dtype)
        s = np.zeros((*replicas, hidden, batch), w.dtype)
        squashed = np.empty((steps, *s.shape), w.dtype)
        one, half, block, held = np.array(1, w.dtype), np.array(0.5, w.dtype), self._block(), _held(started)
        y, gates, inner = z[1:, ..., :hidden, :], z[1:, ..., hidden:units, :], p[..., :hidden, :]
        outer, u_next = p[..., hidden:, :], z[1:, ..., :units, :]
        i, o = gates[..., : self.blocks, :], gates[..., self.blocks :, :]
        for t in range(steps):
            np.matmul(w, z[t], p[t])
            np.tanh(p[t], p[t])
            np.add(outer[t], one, gates[t])
            s += i[t].take(block, -2) * inner[t]
            gates[t] *= half
            np.tanh(s * half, squashed[t])
            np.multiply(o[t].take(block, -2), squashed[t], y[t])
            if t < len(held):
                s *= held[t]
                u_next[t] *= held[t]
        return z[-scored:, ..., :hidden, :], Kept(z, p, squashed)

    def states(self, w: Array, x: Array, started: Array, scored: int) -> Array:
        return self.forward(w, x, started, scored)[0]

    def backward(self, w: Array, kept: Kept, started: Array, d_scored: Array) -> tuple[Array, Array, Array]:
        hidden, block, late, held = self.hidden, self._block(), len(kept.p) - len(d_scored), _held(started)
        p_g, p_i, p_o = np.split(kept.p, [hidden, hidden + self.blocks], axis=-2)
        d_a, h = np.zeros_like(kept.p), kept.squashed[late:]
        opened = 1 + p_o[late:].take(block, -2)
        direct = d_scored * opened * (1 - h * h) / 4
        d_s = np.empty_like(p_g)
        d_s[late:] = direct[::-1].cumsum(0)[::-1]
        d_s[:late] = d_s[late]
        d_s[: len(held)] *= held
        d_a[..., :hidden, :] = d_s * (1 + p_i.take(block, -2)) * (1 - p_g * p_g) / 2
        to_blocks = (np.arange(self.blocks)[:, None] == block).astype(w.dtype)  # [blocks, H]
        d_a[..., hidden : hidden + self.blocks, :] = np.matmul(to_blocks, d_s * p_g) * (1 - p_i * p_i) / 2
        d_out = np.matmul(to_blocks, d_scored * h) * (1 - p_o[late:] ** 2) / 4
        d_a[late:, ..., hidden + self.blocks :, :] = d_out
        d_a[: len(held)] *= held
        rows = correlation(d_a, kept.z[:-1]).swapaxes(-1, -2)  # [K, U]
        units = w.shape[-2]
        return rows[..., units:-1, :], rows[..., :units, :], rows[..., -1, :]

    def _block(self) -> Array:
        """The block of each cell, [H]."""
        return np.arange(self.hidden) * self.blocks // self.hidden


def _held(started: Array) -> Array:
    """`started` with an axis of units: [T0, 1, B], or [T0, R, 1, B] as it comes with replicas."""
    return started if started.ndim > 2 else started[:, None]
