"""One side of a comparison: a repeatable piece of work, and its result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

Arrays = Mapping[str, np.ndarray]


class Missing(Exception):
    """A peer is not installed, or a device is not present. The row says so."""


@dataclass(frozen=True)
class Arm:
    """work: what is timed, with everything that can be prepared once already prepared.

    answer: what the last `work()` computed, by the names and axes of longlag; the tests compare the two sides of a
    comparison by it. clock: seconds; process CPU time but for a GPU, whose work no process is charged for.
    """

    work: Callable[[], object]
    answer: Callable[[], Arrays] = dict
    clock: Callable[[], float] = time.process_time
