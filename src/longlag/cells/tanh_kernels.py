"""The tanh recurrence by hand, for one replica, on numpy arrays (the tangent after Pearlmutter 1994).

    forward    h_t = tanh(a_t),  a_t = h_{t-1} W_hh + x_t W_xh + b_h
    tangent    R a_t = h_{t-1} V_hh + x_t V_xh + v_b + R h_{t-1} W_hh,   R h_t = (1 - h_t^2) R a_t
    backward   d a_t = (1 - h_t^2) d h_t + s_t,   d h_{t-1} += d a_t W_hh^T

Everything that does not wait for the previous step is one matrix product over all steps. `awake` [T0, B, 1] is 0
where a sequence has not begun at the first T0 steps: its state, tangent and derivative are held at zero there.
Numpy rather than torch because its tanh is several times faster on many CPUs, and because `np.matmul` gives a
replica the same bits whatever its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Array = np.ndarray
Weights = Mapping[str, Array]  # W_xh [X, H], W_hh [H, H], b_h [H]


def forward(w: Weights, x: Array, awake: Array, h: Array) -> None:
    """Fills h [T+1, B, H] from x [T, B, X]; h[0] is the start state, zero."""
    h[0] = 0
    _project(x, w["W_xh"], h[1:])
    h[1:] += w["b_h"]
    recurrent = np.empty_like(h[0])
    for t in range(len(x)):
        np.matmul(h[t], w["W_hh"], out=recurrent)
        h[t + 1] += recurrent
        np.tanh(h[t + 1], out=h[t + 1])
        if t < len(awake):
            h[t + 1] *= awake[t]


def slopes(h: Array, awake: Array) -> Array:
    """1 - h_t^2 [T, B, H], zero where the state is held."""
    slope = np.square(h[1:])
    np.subtract(1, slope, out=slope)
    slope[: len(awake)] *= awake
    return slope


def tangent(w: Weights, v: Weights, x: Array, h: Array, slope: Array) -> Array:
    """R h_t [T, B, H] along the direction v of the parameters."""
    r = np.empty_like(slope)
    _project(h[:-1], v["W_hh"], r)
    r += _project(x, v["W_xh"], np.empty_like(r))
    r += v["b_h"]
    recurrent = np.empty_like(h[0])
    for t in range(len(x)):
        if t:
            np.matmul(r[t - 1], w["W_hh"], out=recurrent)
            r[t] += recurrent
        r[t] *= slope[t]
    return r


def backward(w: Weights, x: Array, h: Array, slope: Array, d_scored: Array, d_sites: Array | None) -> dict[str, Array]:
    """Derivatives of the parameters from those of the last K states [K, B, H] and of the pre-activations [T, B, H]."""
    d = np.empty_like(slope)
    d_h = np.zeros_like(h[0])
    first_scored = len(x) - len(d_scored)
    transposed = np.ascontiguousarray(w["W_hh"].T)
    for t in reversed(range(len(x))):
        if t >= first_scored:
            d_h += d_scored[t - first_scored]
        np.multiply(d_h, slope[t], out=d[t])
        if d_sites is not None:
            d[t] += d_sites[t]
        np.matmul(d[t], transposed, out=d_h)
    flat = d.reshape(-1, d.shape[-1])
    return {
        "W_xh": x.reshape(-1, x.shape[-1]).T @ flat,
        "W_hh": h[:-1].reshape(-1, h.shape[-1]).T @ flat,
        "b_h": flat.sum(0),
    }


def _project(x: Array, weight: Array, out: Array) -> Array:
    np.matmul(x.reshape(-1, x.shape[-1]), weight, out=out.reshape(-1, out.shape[-1]))
    return out
