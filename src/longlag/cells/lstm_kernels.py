"""Hand-written kernels of the LSTM for small nets, on numpy arrays of the layout of `gated`.

The logistic function is sigmoid(a) = (1 + tanh(a / 2)) / 2: one tanh serves all four gates, and the halves of their
pre-activations are folded into the weights.

    rows       z_t = [h_t; x_{t+1}; 1],   W = [W_hh; W_xh; b_h]'
    forward    [i, f, o, g] of W z_{t-1},   c_t = f c_{t-1} + i g,   h_t = o tanh(c_t)
    backward   d c_t = o (1 - tanh(c_t)^2) d h_t + f_{t+1} d c_{t+1}
               d a_i = g i (1 - i) d c_t,   d a_f = c_{t-1} f (1 - f) d c_t,   d a_o = tanh(c_t) o (1 - o) d h_t,
               d a_g = i (1 - g^2) d c_t,   d h_{t-1} = W_hh d a_t,   d W = sum_t d a_t z_{t-1}'

A step of the forward pass keeps [i, f, o, g, c_{t-1}, tanh(c_t)]: the last three are what i, f and o are multiplied
with. So two calls of torch's derivatives of sigmoid and tanh give the factors of d h_t and d c_t for a block of steps,
and a step backward is one product and five calls more. An i, f or o is exact to 3e-8: a gate closed further is shut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from longlag.cells.gated import Array, blocks, correlation, each, rows_of

_ORDER = (0, 1, 3, 2)  # the gates i, f, o, g among the cell's i, f, g, o, and the other way round
_SLOPES = (0.5, 0.5, 0.5, 1.0)  # of the pre-activations in their tanh
_d_sigmoid = torch.ops.aten.sigmoid_backward.grad_input  # (d, y) -> d y (1 - y)
_d_tanh = torch.ops.aten.tanh_backward.grad_input  # (d, y) -> d (1 - y^2)


@dataclass(frozen=True)
class Weights:
    """W with slopes [4H, K], and W_hh [H, 4H]."""

    forward: Array
    backward: Array


@dataclass(frozen=True)
class Kept:
    """z [T+1, K, B], and values [T+1, 6, H, B]: i, f, o, g, the c of the step before, tanh(c)."""

    z: Array
    values: Array


def weights(w_xh: Array, w_hh: Array, b_h: Array) -> Weights:
    hidden = len(w_hh)
    rows = _ordered(np.concatenate([w_hh, w_xh, b_h[None]]), hidden)
    scaled = (rows * each(_SLOPES, rows)).reshape(len(rows), -1)
    return Weights(np.ascontiguousarray(scaled.T), rows[:hidden].reshape(hidden, -1))


def forward(w: Weights, x: Array, started: Array, scored: int) -> tuple[Array, Kept]:
    hidden, (steps, batch, _), dtype = len(w.backward), x.shape, w.forward.dtype
    z = rows_of(x, hidden, dtype)
    values = np.empty((steps + 1, 6, hidden, batch), dtype)
    values[0, 4] = 0
    a = values[:-1, :4].reshape(steps, -1, batch)
    new_c, views = values[1:, 4], (values[:-1, :3], values[:-1, :2], values[:-1, 3:5], values[:-1, 5], values[:-1, 2])
    held, terms = len(started), np.empty((2, hidden, batch), dtype)
    term_i, term_f = terms
    one, half = np.array(1, dtype), np.array(0.5, dtype)  # a Python number would be converted at every call
    for t, (row, h, a_t, c, i_f_o, i_f, g_c, tanh_c, o) in enumerate(
        zip(z[:-1], z[1:, :hidden], a, new_c, *views, strict=True)
    ):
        np.matmul(w.forward, row, a_t)
        np.tanh(a_t, a_t)
        np.add(i_f_o, one, i_f_o)
        np.multiply(i_f_o, half, i_f_o)
        np.multiply(i_f, g_c, terms)
        np.add(term_i, term_f, c)
        if t < held:
            c *= started[t]
        np.tanh(c, tanh_c)
        np.multiply(o, tanh_c, h)
    return z[-scored:, :hidden], Kept(z, values)


def backward(w: Weights, kept: Kept, started: Array, d_scored: Array) -> tuple[Array, Array, Array]:
    z, values = kept.z, kept.values
    steps, hidden, batch = len(values) - 1, *values.shape[2:]
    (size, in_blocks), held, unscored = blocks(steps, hidden, batch), len(started), steps - len(d_scored)
    d = np.empty((size, 5, hidden, batch), z.dtype)  # factors first: of i, f, o, g, and of the way from h to c
    d_a = d[:, :4].reshape(size, -1, batch)
    views = list(zip(d[:, 2::2], d[:, 4], d[:, :2], d[:, 3], d_a, strict=True))
    d_h, d_c, d_before = (np.zeros((hidden, batch), z.dtype) for _ in range(3))
    d_w = np.zeros((4 * hidden, z.shape[1]), z.dtype)
    for first, last in reversed(in_blocks):
        _factors(values[first:last], d[: last - first])
        for t in range(last - 1, first - 1, -1):
            if t >= unscored:
                d_h += d_scored[t - steps]
            d_o_and_c, through_h, d_i_f, d_g, d_a_t = views[t - first]
            np.multiply(d_o_and_c, d_h, d_o_and_c)
            np.add(through_h, d_before, d_c)
            if t < held:
                d_c *= started[t]
            np.multiply(d_i_f, d_c, d_i_f)
            np.multiply(d_g, d_c, d_g)
            np.multiply(values[t, 1], d_c, d_before)
            np.matmul(w.backward, d_a_t, d_h)
        d_w += correlation(d_a[: last - first], z[first:last])
    rows = d_w.reshape(4, hidden, -1).transpose(2, 0, 1)[:, _ORDER].reshape(-1, 4 * hidden)  # [K, 4H]
    return rows[hidden:-1], rows[:hidden], rows[-1]


def _factors(values: Array, out: Array) -> None:
    """The factors [S, 5, H, B] of some steps from their values [S, 6, H, B]."""
    v, factors = torch.from_numpy(values), torch.from_numpy(out)
    _d_sigmoid(v[:, 3:], v[:, :3], grad_input=factors[:, :3])  # of g, c, tanh(c) with i, f, o
    _d_tanh(v[:, 0:3:2], v[:, 3::2], grad_input=factors[:, 3:])  # of i, o with g, tanh(c)


def _ordered(w: Array, hidden: int) -> Array:
    """Columns [n, 4H] of the cell's gates -> [n, 4, H] in the order of the kernels."""
    return w.reshape(len(w), 4, hidden)[:, _ORDER]
