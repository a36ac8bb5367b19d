"""The tanh recurrence by hand, for one replica, on numpy arrays (the tangent after Pearlmutter 1994).

    forward    h_t = tanh(a_t),  a_t = h_{t-1} W_hh + x_t W_xh
    tangent    R a_t = R h_{t-1} W_hh + h_{t-1} V_hh + x_t V_xh,   R h_t = (1 - h_t^2) R a_t
    backward   d a_t = (1 - h_t^2) d h_t + s_t,   d h_{t-1} += d a_t W_hh^T,   d W = sum_t [h_{t-1}, x_t]^T d a_t

The last input is a constant one, whose row of W_xh is the bias b_h. `awake` [T0, B, 1] is 0 where a sequence has not
begun at the first T0 steps: its state, tangent and derivative are held at zero there.

Only the states h are kept from one pass to the next: the slope 1 - h_t^2 costs less to compute where it is needed, in
the cache, than to read from memory. Numpy rather than torch because its tanh is several times faster on many
processors, and because `np.matmul` gives a replica the same bits whatever its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Array = np.ndarray
Weights = Mapping[str, Array]  # W_xh [X + 1, H], the bias last; W_hh [H, H]
_SMALL = 1_000_000  # multiply-adds of a product that BLAS takes without packing its matrices first, which is faster


def forward(w: Weights, x: Array, awake: Array) -> Array:
    """h [T+1, B, H] from x [T, B, X + 1]; h[0] is the start state, zero."""
    h = np.empty((len(x) + 1, x.shape[1], len(w["W_hh"])), dtype=x.dtype)
    h[0] = 0
    np.matmul(_flat(x), w["W_xh"], out=_flat(h[1:]))
    recurrent = np.empty_like(h[0])
    for t in range(len(x)):
        np.matmul(h[t], w["W_hh"], out=recurrent)
        recurrent += h[t + 1]
        np.tanh(recurrent, out=h[t + 1])
        if t < len(awake):
            h[t + 1] *= awake[t]
    return h


def tangent(w: Weights, v: Weights, x: Array, awake: Array, h: Array) -> Array:
    """R h_t [T, B, H] along the direction v of the parameters."""
    r = np.empty_like(h[1:])
    np.matmul(_flat(x), v["W_xh"], out=_flat(r))
    block, recurrent = _block(h), np.empty_like(h[0])
    work = np.empty_like(h[:block])
    for first in range(0, len(x), block):
        last = min(first + block, len(x))
        terms = np.matmul(_flat(h[first:last]), v["W_hh"], out=_flat(work[: last - first]))
        _flat(r[first:last])[...] += terms
        slopes = _slopes(h, awake, first, last, out=work)
        for t in range(first, last):
            if t:
                np.matmul(r[t - 1], w["W_hh"], out=recurrent)
                r[t] += recurrent
            r[t] *= slopes[t - first]
    return r


def backward(
    w: Weights, x: Array, awake: Array, h: Array, d_scored: Array, d_sites: Array | None = None
) -> dict[str, Array]:
    """Derivatives of the weights from those of the last K states [K, B, H] and, s, of the pre-activations [T, B, H]."""
    first_scored = len(x) - len(d_scored)
    transposed = np.ascontiguousarray(w["W_hh"].T)
    gradient = {name: np.zeros_like(w[name]) for name in ("W_xh", "W_hh")}
    block, d_h = _block(h), np.zeros_like(h[0])
    work = np.empty_like(h[:block])
    for last in range(len(x), 0, -block):
        first = max(last - block, 0)
        d_a = _slopes(h, awake, first, last, out=work)
        for t in reversed(range(first, last)):
            if t >= first_scored:
                d_h += d_scored[t - first_scored]
            d_a[t - first] *= d_h
            if d_sites is not None:
                d_a[t - first] += d_sites[t]
            np.matmul(d_a[t - first], transposed, out=d_h)
        gradient["W_xh"] += _flat(x[first:last]).T @ _flat(d_a)
        gradient["W_hh"] += _flat(h[first:last]).T @ _flat(d_a)
    return gradient


def _slopes(h: Array, awake: Array, first: int, last: int, out: Array) -> Array:
    """1 - h_t^2 of the steps first to last - 1, zero where the state is held; a part of out."""
    out = out[: last - first]
    np.square(h[first + 1 : last + 1], out=out)
    np.subtract(1, out, out=out)
    if first < len(awake):
        out[: len(awake) - first] *= awake[first:last]
    return out


def _block(h: Array) -> int:
    """How many steps to take at once where they do not wait for each other."""
    _, batch, hidden = h.shape
    return min(max(1, _SMALL // (batch * hidden * hidden)), len(h))


def _flat(a: Array) -> Array:
    """[T, B, ...] -> [T B, ...], a view."""
    return a.reshape(-1, a.shape[-1])
