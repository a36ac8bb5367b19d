"""One side of a comparison: a piece of work that can be done again and again, and what it computed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

Arrays = Mapping[str, np.ndarray]


class Missing(Exception):
    """A peer that is not installed, or a device that is not there: the row says so."""


@dataclass(frozen=True)
class Arm:
    """work: what is timed, with everything that can be prepared once already prepared.

    answer: what the last `work()` computed, by the names and axes of longlag; the tests compare the two sides of a
    comparison by it. clock: seconds; process CPU time but for a GPU, whose work no process is charged for.
    """

    work: Callable[[], object]
    answer: Callable[[], Arrays] = dict
    clock: Callable[[], float] = time.process_time
