"""What sequences of several tasks are made of, as arrays of one replica: T time, n sequences.

Marked pairs (adding, multiplication, XOR), relevant symbols in windows among distractors (temporal order), a message
with a silence and a cue (memorisation), and a first symbol that comes again (random permutation).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np


def padded_steps(lag: int) -> int:
    """L = ceil(1.1 T), the room for lengths in [T, 1.1 T]."""
    return lag + math.ceil(lag / 10)


def random_starts(rng: np.random.Generator, lag: int, n: int) -> np.ndarray:
    """First steps [n] of sequences whose lengths T' are uniform in [T, 1.1 T], padded at the front."""
    return padded_steps(lag) - rng.integers(lag, lag + lag // 10, size=n, endpoint=True)


def marked_pairs(
    rng: np.random.Generator, lag: int, n: int, values: Callable[[tuple[int, int]], np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values with markers beside them: x [L, n, 2] float32, start [n], and the marked pair [2, n], in order.

    Lengths T' are uniform in [T, 1.1 T]; one step is marked in [0, T'/10) and one in [T'/10, T'/2). Padding is zeros.

    Args:
        values: draws the values of a shape [L, n], float32.
    """
    steps = padded_steps(lag)
    start = random_starts(rng, lag, n)
    length = steps - start
    first = start + rng.integers(0, length // 10)  # [0, T'/10)
    second = start + rng.integers(length // 10, length // 2)  # [T'/10, T'/2)
    value = values((steps, n))
    value[np.arange(steps)[:, None] < start] = 0.0
    each = np.arange(n)
    x = np.zeros((steps, n, 2), dtype=np.float32)
    x[..., 0] = value
    x[first, each, 1] = x[second, each, 1] = 1.0
    return x, start, np.stack([value[first, each], value[second, each]])


def product_below(z: float) -> float:
    """P(u v <= z) of two numbers U[0,1]."""
    return z * (1 - math.log(z))


def marked_minimal_lag(lag: int) -> int:
    """From the latest second mark, just before T'/2, to the last step of the shortest sequence, T' = T."""
    return lag - lag // 2


def symbols_in_windows(
    rng: np.random.Generator, lag: int, n: int, tenths: Sequence[int], relevant: int, symbols: int
) -> tuple[np.ndarray, np.ndarray]:
    """One relevant symbol in each window among distractors: all symbols [T, n], and the relevant ones [windows, n].

    Args:
        tenths: window k is [kT/10, (k+1)T/10).
        relevant: symbols 0 to relevant - 1; the others, up to `symbols`, are distractors.
    """
    symbol = rng.integers(relevant, symbols, size=(lag, n))
    hidden = rng.integers(0, relevant, size=(len(tenths), n))
    each = np.arange(n)
    for k, message in zip(tenths, hidden, strict=True):
        symbol[rng.integers(k * lag // 10, (k + 1) * lag // 10, size=n), each] = message
    return symbol, hidden


def message_silence_cue(message: np.ndarray, lag: int, blank: int, cue: int, ahead: int) -> np.ndarray:
    """A message [K, n], T blanks, and K steps to replay it: symbols [T + 2K, n]; the cue is `ahead` of the first."""
    heard, n = message.shape
    symbol = np.full((lag + 2 * heard, n), blank)
    symbol[:heard] = message
    symbol[heard + lag - ahead] = cue
    return symbol


def first_again(rng: np.random.Generator, lag: int, n: int, relevant: int, symbols: int) -> np.ndarray:
    """A relevant symbol, T - 1 distractors, and the first symbol again: [T + 1, n]."""
    symbol = rng.integers(relevant, symbols, size=(lag + 1, n))
    symbol[0] = symbol[-1] = rng.integers(0, relevant, size=n)
    return symbol
