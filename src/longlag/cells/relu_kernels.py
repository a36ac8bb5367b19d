"""Hand-written kernels of a net of rectified linear units, on numpy arrays of the layout of `gated`.

rows       z_t = [h_t; x_{t+1}; 1],   W = [W_hh; W_xh; b_h]'
forward    h_t = max(0, W z_{t-1})
backward   d a_t = d h_t where h_t > 0, else 0,   d h_{t-1} = W_hh d a_t,   d W = sum_t d a_t z_{t-1}'
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from longlag.cells.gated import Array, blocks, correlation, rows_of


@dataclass(frozen=True)
class Weights:
    """W [H, K] and W_hh [H, H]."""

    forward: Array
    backward: Array


def weights(w_xh: Array, w_hh: Array, b_h: Array) -> Weights:
    rows = np.concatenate([w_hh, w_xh, b_h[None]])
    return Weights(np.ascontiguousarray(rows.T), np.ascontiguousarray(w_hh))


def forward(w: Weights, x: Array, started: Array, scored: int) -> tuple[Array, Array]:
    """The states, and z [T+1, K, B]."""
    hidden, zero = len(w.backward), np.array(0, w.forward.dtype)
    z = rows_of(x, hidden, w.forward.dtype)
    for t, (row, h) in enumerate(zip(z[:-1], z[1:, :hidden], strict=True)):
        np.matmul(w.forward, row, h)
        np.maximum(h, zero, out=h)
        if t < len(started):
            h *= started[t]
    return z[-scored:, :hidden], z


def states(w: Weights, x: Array, started: Array, scored: int) -> Array:
    return forward(w, x, started, scored)[0]


def backward(w: Weights, z: Array, started: Array, d_scored: Array) -> tuple[Array, Array, Array]:
    (steps, rows, batch), hidden = (len(z) - 1, *z.shape[1:]), len(w.backward)
    (size, in_blocks), unscored = blocks(steps, hidden, batch), steps - len(d_scored)
    d, d_h = np.empty((size, hidden, batch), z.dtype), np.zeros((hidden, batch), z.dtype)
    d_w = np.zeros((hidden, rows), z.dtype)
    for first, last in reversed(in_blocks):
        np.greater(z[first + 1 : last + 1, :hidden], 0, out=d[: last - first])  # 1 where a unit is on
        for t in range(last - 1, first - 1, -1):
            if t >= unscored:
                d_h += d_scored[t - steps]
            if t < len(started):
                d_h *= started[t]
            d_t = d[t - first]
            np.multiply(d_t, d_h, d_t)
            np.matmul(w.backward, d_t, d_h)
        d_w += correlation(d[: last - first], z[first:last])
    gradient = d_w.T  # [K, H]
    return gradient[hidden:-1], gradient[:hidden], gradient[-1]
