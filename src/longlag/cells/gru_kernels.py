"""Hand-written kernels of the GRU for small nets, on numpy arrays of the layout of `gated`.

As in `lstm_kernels`, sigmoid(a) = p / 2 with p = 1 + tanh(a / 2), and powers of two are folded into the weights.

    rows       z_t = [h_t; x_{t+1}; 1],   W = [W_hh; W_xh; b_h]';   gates r, u, and m the recurrent part of n
    forward    [r, u] = tanh(W_ru z_{t-1} / 2),   p = 1 + [r, u],   m = U_n' h_{t-1} / 2
               n_t = tanh(p_r m + W_n' x_t + b_n),   h_t = n_t + p_u (h_{t-1} - n_t) / 2
    backward   d a_n = (2 - p_u) (1 - n^2) d h_t / 2,   d m = p_r d a_n / 2,   d a_r = m p_r (2 - p_r) d a_n / 2,
               d a_u = (h_{t-1} - n) p_u (2 - p_u) d h_t / 4   (d m stands for the derivative of U_n' h_{t-1})
               d h_{t-1} = W_hh d [a_r, a_u, m] + p_u d h_t / 2,   d W = sum_t d a_t z_{t-1}'

Every term is d h_t times a factor. The factors are computed for some steps at once, which saves calls: a step backward
is then one product and two more calls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from longlag.cells.gated import Array, blocks, correlation, each, rows_of

_SCALES = (1 / 4, 1 / 4, 1 / 4, 1 / 2)  # of the derivatives of r, u, m, n


@dataclass(frozen=True)
class Weights:
    """[W_ru / 2; U_n / 2] [3H, K], W_n with b_n [H, X + 1], and W_hh [H, 3H] times the scales of the derivatives."""

    forward: Array
    drive: Array
    backward: Array


@dataclass(frozen=True)
class Kept:
    """z [T+1, K, B]; gates [T, 5, H, B]: p_r, p_u, m, n and h_{t-1} - n."""

    z: Array
    gates: Array


def weights(w_xh: Array, w_hh: Array, b_h: Array) -> Weights:
    hidden = len(w_hh)
    drive = np.concatenate([w_xh, b_h[None]])
    rows = np.concatenate([w_hh, drive]) / 2
    rows[hidden:, 2 * hidden :] = 0
    recurrent = w_hh.reshape(hidden, 3, hidden) * each(_SCALES[:3], w_hh)
    return Weights(
        np.ascontiguousarray(rows.T),
        np.ascontiguousarray(drive[:, 2 * hidden :].T),
        recurrent.reshape(hidden, 3 * hidden),
    )


def forward(w: Weights, x: Array, started: Array, scored: int) -> tuple[Array, Kept]:
    kept = _run(w, x, started, len(x))
    return kept.z[-scored:, : len(w.backward)], kept


def states(w: Weights, x: Array, started: Array, scored: int) -> Array:
    """`forward` without what `backward` needs: less memory, which is faster."""
    size, _ = blocks(len(x), len(w.backward), x.shape[1])
    return _run(w, x, started, size).z[-scored:, : len(w.backward)]


def _run(w: Weights, x: Array, started: Array, kept: int) -> Kept:
    """The forward pass. kept: of how many steps the gates stay in memory, all or those of a block."""
    hidden, (steps, batch, _), dtype = len(w.backward), x.shape, w.forward.dtype
    z = rows_of(x, hidden, dtype)
    (_, in_blocks), held = blocks(steps, hidden, batch), len(started)
    gates = np.empty((kept, 5, hidden, batch), dtype)
    a, p, (r, u, m, n, apart) = gates[:, :3].reshape(len(gates), -1, batch), gates[:, :2], gates.swapaxes(0, 1)
    views = list(zip(a, p, r, u, m, n, apart, strict=True))
    one, half = np.array(1, dtype), np.array(0.5, dtype)  # a Python number is converted at every call
    for first, last in in_blocks:
        own = slice(first, last) if kept == steps else slice(last - first)
        np.matmul(w.drive, z[first:last, hidden:], n[own])
        for t, row, h_before, h, (a_t, p_t, r_t, u_t, m_t, n_t, d) in zip(
            range(first, last), z[first:], z[first:, :hidden], z[first + 1 :, :hidden], views[own], strict=False
        ):
            np.matmul(w.forward, row, a_t)
            np.tanh(p_t, p_t)
            np.add(p_t, one, p_t)
            np.multiply(r_t, m_t, d)
            np.add(n_t, d, n_t)
            np.tanh(n_t, n_t)
            np.subtract(h_before, n_t, d)
            np.multiply(u_t, d, h)
            np.multiply(h, half, h)
            np.add(h, n_t, h)
            if t < held:
                h *= started[t]
    return Kept(z, gates)


def backward(w: Weights, kept: Kept, started: Array, d_scored: Array) -> tuple[Array, Array, Array]:
    (steps, _, hidden, batch), z = kept.gates.shape, kept.z
    (size, in_blocks), held, unscored = blocks(steps, hidden, batch), len(started), steps - len(d_scored)
    d = np.empty((size, 5, hidden, batch), z.dtype)  # factors first: of r, u, m, n and of the state before
    d_a = d[:, :3].reshape(size, 3 * hidden, batch)
    views = list(zip(d, d_a, d[:, 4], strict=True))
    d_h = np.zeros_like(d[0, 0])
    d_w, d_drive = np.zeros((3 * hidden, z.shape[1]), z.dtype), np.zeros((hidden, z.shape[1] - hidden), z.dtype)
    for first, last in reversed(in_blocks):
        _factors(kept.gates[first:last], d[: last - first])
        for t in range(last - 1, first - 1, -1):
            if t >= unscored:
                d_h += d_scored[t - steps]
            if t < held:
                d_h *= started[t]
            d_t, d_a_t, directly = views[t - first]
            np.multiply(d_t, d_h, d_t)
            np.matmul(w.backward, d_a_t, d_h)
            np.add(d_h, directly, d_h)
        d_w += correlation(d_a[: last - first], z[first:last])
        d_drive += correlation(d[: last - first, 3], z[first:last, hidden:])
    gates = d_w.T.reshape(-1, 3, hidden) * each(_SCALES[:3], z)  # [K, 3, H]
    gates[hidden:, 2] = d_drive.T * _SCALES[3]
    rows = gates.reshape(-1, 3 * hidden)
    return rows[hidden:-1], rows[:hidden], rows[-1]


def _factors(gates: Array, out: Array) -> None:
    """The factors [S, 5, H, B] of some steps, over their scales, from their gates [S, 5, H, B]."""
    one, two, half = (np.array(number, out.dtype) for number in (1, 2, 0.5))
    p, (r, u, m, n, apart) = gates[:, :2], gates.swapaxes(0, 1)
    of_r, of_u, of_m, of_n, before = out.swapaxes(0, 1)
    np.subtract(two, p, out[:, :2])
    np.square(n, of_n)
    np.subtract(one, of_n, of_n)
    np.multiply(of_n, of_u, of_n)
    np.multiply(out[:, :2], p, out[:, :2])
    np.multiply(of_u, apart, of_u)
    np.multiply(of_r, m, of_r)
    np.multiply(of_r, of_n, of_r)
    np.multiply(of_n, r, of_m)
    np.multiply(u, half, before)
