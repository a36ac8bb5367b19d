"""Hand-written kernels of the tanh recurrence, on numpy arrays (the tangent follows Pearlmutter 1994).

State, inputs and bias of a step lie side by side in memory, so that a step is one matrix product:

    rows       z_t = [h_t, x_{t+1}, 1],   W = [W_hh; W_xh; b_h]
    forward    h_t = tanh(z_{t-1} W)
    tangent    R h_t = (1 - h_t^2) (R h_{t-1} W_hh + z_{t-1} V)
    backward   d a_t = (1 - h_t^2) d h_t + s_t,   d h_{t-1} += d a_t W_hh^T,   d W = sum_t z_{t-1}^T d a_t

Shapes: z [R, T+1, B, K] and W, V [R, K, H] with K = H + X + 1. `started` [R, T0, B, 1] is 0 where a sequence has not
begun at the first T0 steps: its state, tangent and derivative are held at zero there.

Only z is kept between passes: computing the slope 1 - h_t^2 from cached states costs less than reading it from memory.
The kernels use numpy because its tanh is several times faster than torch's on many processors, and because `np.matmul`
gives a replica the same bits whatever its neighbours are.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator

import numpy as np

Array = np.ndarray
# Sizes that were measured to be fastest. They decide how sums are cut, and so how they are rounded.
_PRODUCT_MULTIPLY_ADDS = 1_000_000  # at most, of one product: BLAS then does not pack its matrices, which is faster
_PRODUCT_ROWS = 16  # at least, of such a product
_BLOCK_NUMBERS = 80_000  # at most, of one replica's states in a block of steps: they stay in the cache
_BLOCK_STEPS = 20  # at most; small replicas share a program, which then works on several such blocks
_CACHE_LINE_BYTES = 64


def forward(w: Array, x: Array, started: Array) -> Array:
    """z from inputs x [R, T, B, X]; the start state h_0 is zero."""
    replicas, steps, batch, inputs = x.shape
    hidden = w.shape[-1]
    z = aligned((replicas, steps + 1, batch, hidden + inputs + 1), w.dtype)
    z[..., hidden:-1][:, :-1] = x
    z[..., -1] = 1
    z[:, 0, :, :hidden] = 0
    z[:, -1, :, hidden:] = 0  # there is no input after the last
    rows, states, held, w = _steps(z, w), _steps(z[..., :hidden], w), _steps(started, w), w[:, None]
    a = np.empty(states[0].shape, dtype=w.dtype)
    for t, (row, h) in enumerate(zip(rows, states[1:], strict=False)):
        np.matmul(row, w, out=a)
        np.tanh(a, out=h)
        if t < len(held):
            h *= held[t]
    return z


def tangent(w: Array, v: Array, z: Array, started: Array) -> Array:
    """R h_t [R, T, B, H] along the direction v of the weights."""
    replicas, _, batch, hidden = *z.shape[:3], w.shape[-1]
    recurrent = aligned_copy(w[:, :hidden])
    r = np.empty((replicas, z.shape[1] - 1, batch, hidden), dtype=w.dtype)
    before, w_hh, through = None, recurrent[:, None], np.empty_like(_steps(r[:, :1], recurrent)[0])
    for first, last in _blocks(z, hidden):
        _drive(_flat(z[:, first:last]), v, out=_flat(r[:, first:last]))
        slopes = _slopes(z, started, first, last, hidden)
        for r_h, slope in zip(_steps(r[:, first:last], recurrent), _steps(slopes, recurrent), strict=True):
            if before is not None:
                r_h += np.matmul(before, w_hh, out=through)
            r_h *= slope
            before = r_h
    return r


def backward(
    w: Array, z: Array, started: Array, d_scored: Array, d_damped: Array | None = None, errors: Array | None = None
) -> Array:
    """d W from derivatives of the last states [R, K, B, H] and, s, of the pre-activations [R, T, B, H].

    errors: is filled with d a_t, [R, T, B, H].
    """
    d_w = np.zeros_like(w)
    for first, last, d_a in _through_time(w, z, started, d_scored, d_damped):
        if errors is not None:
            errors[:, first:last] = d_a
        d_w += _correlation(_flat(z[:, first:last]), _flat(d_a))
    return d_w


def backward_per_sequence(w: Array, z: Array, started: Array, d_scored: Array) -> Array:
    """d W for each sequence, [E, R, B, K, H], from E derivatives of the last states [E, R, K, B, H]."""
    replicas, steps, batch, hidden = len(z), z.shape[1] - 1, z.shape[2], w.shape[-1]
    rows = np.ascontiguousarray(z[:, :-1].transpose(0, 2, 3, 1))  # [R, B, K, T]
    d_a = np.empty((replicas, batch, steps, hidden), w.dtype)
    d_w = np.empty((len(d_scored), replicas, batch, *w.shape[1:]), w.dtype)
    for scored, out in zip(d_scored, d_w, strict=True):
        for first, last, block in _through_time(w, z, started, scored):
            d_a[:, :, first:last] = block.swapaxes(1, 2)
        np.matmul(rows, d_a, out=out)
    return d_w


def _through_time(
    w: Array, z: Array, started: Array, d_scored: Array, d_damped: Array | None = None
) -> Iterator[tuple[int, int, Array]]:
    """Yields (first, last, d a_t of the steps first to last - 1) of each block of steps, from the last block back."""
    steps, hidden = z.shape[1] - 1, w.shape[-1]
    transposed = aligned_copy(w[:, :hidden].swapaxes(1, 2))
    scored = _steps(d_scored, transposed)
    d_h, w_hh = np.zeros_like(scored[0]), transposed[:, None]
    for first, last in reversed(_blocks(z, hidden)):
        d_block = _slopes(z, started, first, last, hidden)
        added = None if d_damped is None else _steps(d_damped[:, first:last], transposed)
        for t, d_a in reversed([*enumerate(_steps(d_block, transposed), first)]):
            if t >= steps - len(scored):
                d_h += scored[t - steps]
            d_a *= d_h
            if added is not None:
                d_a += added[t - first]
            np.matmul(d_a, w_hh, out=d_h)
        yield first, last, d_block


def _drive(rows: Array, w: Array, out: Array) -> None:
    """rows [R, n, K] times w [R, K, H], in small products."""
    most = _PRODUCT_MULTIPLY_ADDS // (w.shape[1] * w.shape[2])
    np.matmul(_cut(rows, most), w[:, None], out=_cut(out, most))


def _correlation(rows: Array, d: Array) -> Array:
    """rows' [R, K, n] times d [R, n, H], as a sum of small products where that is faster than one product."""
    k, h = rows.shape[2], d.shape[2]
    most = max(_PRODUCT_MULTIPLY_ADDS // (k * h), 1)
    if most < h // 2 or len(rows[0]) <= most:
        return np.matmul(rows.swapaxes(1, 2), d)
    return np.matmul(_cut(rows, most).swapaxes(2, 3), _cut(d, most)).sum(1)


def _cut(rows: Array, most: int) -> Array:
    """[R, n, F] -> a view [R, S, n/S, F]: S pieces of at most `most` rows."""
    replicas, n, features = rows.shape
    pieces = _pieces(n, most)
    return rows.reshape(replicas, pieces, n // pieces, features)


@functools.cache
def _pieces(n: int, most: int) -> int:
    """The smallest number of equal pieces of n rows with at most `most` rows each; 1 if the pieces would be tiny."""
    return next((s for s in range(1, 1 + n // _PRODUCT_ROWS) if n % s == 0 and n // s <= most), 1)


def _steps(a: Array, w: Array) -> list[Array]:
    """[R, T, B, F] -> a view [R, S, B/S, F] per step; its product with w [R, n, m] is then S small products."""
    replicas, steps, batch, features = a.shape
    pieces = _pieces(batch, _PRODUCT_MULTIPLY_ADDS // (w.shape[1] * w.shape[2]))
    return list(a.reshape(replicas, steps, pieces, batch // pieces, features).swapaxes(0, 1))


def aligned(shape: tuple[int, ...], dtype: np.typing.DTypeLike) -> Array:
    """An uninitialised array in which every row starts at a cache line."""
    kind = np.dtype(dtype)
    line = _CACHE_LINE_BYTES // kind.itemsize
    padded = (*shape[:-1], -(-shape[-1] // line) * line)
    memory = np.empty(math.prod(padded) + line, dtype=kind)
    first = -memory.ctypes.data // kind.itemsize % line
    return memory[first : first + math.prod(padded)].reshape(padded)[..., : shape[-1]]


def aligned_copy(a: Array) -> Array:
    """A copy in which every row starts at a cache line."""
    copy = aligned(a.shape, a.dtype)
    copy[...] = a
    return copy


def _slopes(z: Array, started: Array, first: int, last: int, hidden: int) -> Array:
    """1 - h_t^2 of the steps first to last - 1, zero where the state is held, [R, last - first, B, H]."""
    slopes = np.square(z[:, first + 1 : last + 1, :, :hidden])
    np.subtract(1, slopes, out=slopes)
    if first < started.shape[1]:
        slopes[:, : started.shape[1] - first] *= started[:, first:last]
    return slopes


def _blocks(z: Array, hidden: int) -> list[tuple[int, int]]:
    """The steps in blocks, as (first, last + 1).

    The length of a block does not depend on how many replicas share a program. Otherwise a replica's sums would be
    cut, and rounded, differently alone and in a group.
    """
    _, rows, batch, _ = z.shape
    size = max(1, min(_BLOCK_STEPS, _BLOCK_NUMBERS // (batch * hidden)))
    return [(first, min(first + size, rows - 1)) for first in range(0, rows - 1, size)]


def _flat(a: Array) -> Array:
    """[R, T, B, ...] -> [R, T B, ...], a view."""
    return a.reshape(len(a), -1, a.shape[-1])
