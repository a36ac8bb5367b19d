"""Numbers too small for their exponent, flushed to zero while a net is trained.

A gradient that vanishes over hundreds of steps ends below 1e-38, among float32's denormal numbers, and many processors
take a hundred cycles for each operation on one: on a server Xeon an LSTM's update at T = 400 was eleven times slower
for them (benchmarks/README.md). What they add to a weight is nothing that float32 could hold. Gradient flow is read in
float64, which reaches down to 1e-308. LONGLAG_DENORMALS=keep leaves them as they come; every row records which it was.
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
    """ "flush" or "keep", as the environment says.

    Raises:
        LonglagError: it says something else.
    """
    chosen = os.environ.get(VARIABLE, "flush")
    if chosen not in _MODES:
        raise LonglagError(f"{VARIABLE} is {chosen!r}; it may be {' or '.join(_MODES)}")
    return chosen


def flush() -> None:
    """Flushes them in this thread from now on, unless the environment says to keep them or the processor cannot."""
    torch.set_flush_denormal(mode() == "flush")


@contextmanager
def flushed() -> Iterator[None]:
    """`flush`, and afterwards all is as it was."""
    before = flushing()
    flush()
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


def flushing() -> bool:
    """Does this thread flush them now?"""
    return bool((torch.full((1,), 1e-40) * 0.5 == 0).item())
