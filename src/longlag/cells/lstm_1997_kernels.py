"""Hand-written kernels of the LSTM of 1997, on numpy arrays of the layout of `gated`.

With p = tanh(a / 2) of all units, powers of two folded into the weights: 4 sigmoid - 2 = 2 p, sigmoid = (1 + p) / 2.

    rows       z_t = [u_t; x_{t+1}; 1],   u = [y, i, o]
    forward    s_t = s_{t-1} + (1 + p_i) p_g,   y_t = (1 + p_o) tanh(s_t / 2) / 2
    backward   d s_t = d s_{t+1} + d y_t (1 + p_o) (1 - tanh^2(s_t / 2)) / 4
               d a_g = d s_t (1 + p_i) (1 - p_g^2) / 2,   d a_i = sum over cells d s_t p_g (1 - p_i^2) / 2
               d a_o = sum over cells d y_t tanh(s_t / 2) (1 - p_o^2) / 4,   d W = sum_t d a_t z_{t-1}'

The gradient is truncated, so that d s is a sum over time, and all else is computed for all steps at once.
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
        """W' / 2, [U, K]."""
        return np.ascontiguousarray(np.concatenate([w_hh, w_xh, b_h[None]]).T) / 2

    def forward(self, w: Array, x: Array, started: Array, scored: int) -> tuple[Array, Kept]:
        steps, batch, units, hidden = len(x), x.shape[1], len(w), self.hidden
        z, p = rows_of(x, units, w.dtype), np.empty((steps, units, batch), w.dtype)
        s, squashed = np.zeros((hidden, batch), w.dtype), np.empty((steps, hidden, batch), w.dtype)
        one, half, block = np.array(1, w.dtype), np.array(0.5, w.dtype), self._block()
        for t, (row, u, p_t, h) in enumerate(zip(z, z[1:, :units], p, squashed, strict=False)):
            np.matmul(w, row, p_t)
            np.tanh(p_t, p_t)
            np.add(p_t[hidden:], one, u[hidden:])
            opened = u[hidden : hidden + self.blocks][block]
            s += opened * p_t[:hidden]
            u[hidden:] *= half
            np.tanh(s * half, h)
            np.multiply(u[hidden + self.blocks :][block], h, u[:hidden])
            if t < len(started):
                s *= started[t]
                u *= started[t]
        return z[-scored:, :hidden], Kept(z, p, squashed)

    def states(self, w: Array, x: Array, started: Array, scored: int) -> Array:
        return self.forward(w, x, started, scored)[0]

    def backward(self, w: Array, kept: Kept, started: Array, d_scored: Array) -> tuple[Array, Array, Array]:
        hidden, block, late = self.hidden, self._block(), len(kept.p) - len(d_scored)
        p_g, p_i, p_o = np.split(kept.p, [hidden, hidden + self.blocks], axis=1)
        d_a, h = np.zeros_like(kept.p), kept.squashed[late:]
        opened = 1 + p_o[late:, block]
        direct = d_scored * opened * (1 - h * h) / 4
        d_s = np.empty_like(p_g)
        d_s[late:] = direct[::-1].cumsum(0)[::-1]
        d_s[:late] = d_s[late]
        d_s[: len(started)] *= started[:, None]
        d_a[:, :hidden] = d_s * (1 + p_i[:, block]) * (1 - p_g * p_g) / 2
        to_blocks = (np.arange(self.blocks)[:, None] == block).astype(w.dtype)  # [blocks, H]
        d_a[:, hidden : hidden + self.blocks] = np.matmul(to_blocks, d_s * p_g) * (1 - p_i * p_i) / 2
        d_out = np.matmul(to_blocks, d_scored * h) * (1 - p_o[late:] ** 2) / 4
        d_a[late:, hidden + self.blocks :] = d_out
        d_a[: len(started)] *= started[:, None]
        rows = correlation(d_a, kept.z[:-1]).T  # [K, U]
        units = len(w)
        return rows[units:-1], rows[:units], rows[-1]

    def _block(self) -> Array:
        """The block of each cell, [H]."""
        return np.arange(self.hidden) * self.blocks // self.hidden
