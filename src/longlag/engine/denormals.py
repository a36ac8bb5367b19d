"""Denormal numbers are flushed to zero while a net is trained.

A gradient that vanishes over hundreds of steps falls below 1e-38, into float32's denormal numbers. Many processors take
a hundred cycles for an operation on one: on a server Xeon they made an LSTM's update at T = 400 eleven times slower
(benchmarks/README.md). They are too small to change a float32 weight. Gradient flow is computed in float64, which
reaches down to 1e-308. LONGLAG_DENORMALS=keep does not flush them. Every row records the mode.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from longlag.errors import LonglagError

VARIABLE = "LONGLAG_DENORMALS"
_MODES = ("flush", "keep")


def mode() -> str:
    """ "flush" or "keep", from the environment variable LONGLAG_DENORMALS.

    Raises:
        LonglagError: it has another value.
    """
    chosen = os.environ.get(VARIABLE, "flush")
    if chosen not in _MODES:
        raise LonglagError(f"{VARIABLE} is {chosen!r}; it may be {' or '.join(_MODES)}")
    return chosen


def flush() -> None:
    """Flushes denormals in this thread from now on, unless the mode is "keep" or the processor cannot."""
    torch.set_flush_denormal(mode() == "flush")


@contextmanager
def flushed() -> Iterator[None]:
    """`flush` inside the block; the former mode is restored afterwards."""
    before = flushing()
    flush()
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


def flushing() -> bool:
    """Whether this thread flushes denormals now."""
    return bool((torch.full((1,), 1e-40, dtype=torch.float32, device="cpu") * 0.5 == 0).item())
