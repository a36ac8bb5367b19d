"""Memorisation of five bits with noise on the blanks: the silence between message and recall is not silent.

As `memorization_5bit`, but every channel of every blank step has noise N(0, 0.1^2) added. One sequence at T = 6, with
~ for a noisy blank:

    step    1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16
    input   0  1  1  0  1  ~  ~  ~  ~  ~  ~  !  ~  ~  ~  ~
    target                                   0  1  1  0  1

A task from outside the package, for config/reservoirs.yaml. A reservoir that only hands on what it heard carries the
noise too. The sequences are no longer few: training, validation and test sets have messages and noise of their own.
"""

import dataclasses

import numpy as np

from longlag.tasks.base import Batch
from longlag.tasks.memorization_5bit import TASK as SILENT

_NOISE = 0.1  # standard deviation


def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
    """Sequences of the silent task whose blank steps have noise on all channels."""
    silent = SILENT.sample(rng, lag, n)
    blank = silent.x[..., SILENT.traits.roles.index("blank")] > 0  # [L, n]
    noise = _NOISE * rng.standard_normal(silent.x.shape, dtype=np.float32) * blank[..., None]
    return Batch(silent.x + noise, silent.start, silent.y)


TASK = dataclasses.replace(
    SILENT,
    name="noisy_memory",
    label="5-bit memory with noisy blanks",
    reference="longlag; the silent task: Martens & Sutskever 2011",
    sample=sample,
    population=None,
)
