"""The least memory that a run needs, compared with this machine's before anything is built.

A lower bound, so that nothing is refused that could be trained: the parameters as they are drawn and as they are kept,
and the inputs of the largest batch. What is kept per step to go back through time comes on top.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from longlag import memory, protocol
from longlag.errors import LonglagError
from longlag.model import Model
from longlag.settings import paths, value_at
from longlag.tasks.base import Task

_BYTES_PER_PARAMETER = 8 + 4  # drawn in double precision, kept in single
_BYTES_PER_INPUT = 4
_BATCHES = ("batch", "gradient_batch", "curvature_batch", "sequences", "validation")  # settings that count sequences
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def check(task: Task, lag: int, model: Model, optimiser: Any) -> None:
    """Raises LonglagError for a run that this machine cannot hold; the message says what it takes."""
    parameters = sum(math.prod(shape) for shape in model.shapes().values())
    sequences = _largest_batch(task, optimiser)
    needed = _BYTES_PER_PARAMETER * parameters + _BYTES_PER_INPUT * sequences * task.steps(lag) * model.n_inputs
    if needed > (here := available()):
        what = f"{parameters:,} parameters and {sequences:,} sequences of {task.steps(lag):,} steps at a time"
        raise LonglagError(
            f"task {task.name!r} at lag {lag} takes at least {_gibibytes(needed)} of memory ({what}); this machine has "
            f"{_gibibytes(here)}: choose a shorter lag, fewer hidden units or a smaller batch"
        )


def available() -> int:
    """Bytes of memory that this process may use at most."""
    machine = memory.installed()
    try:
        return min(machine, int(_CGROUP.read_text("utf-8")))
    except (OSError, ValueError):  # no such limit, or the word max
        return machine


def _largest_batch(task: Task, optimiser: Any) -> int:
    """Sequences that are in memory at once, at least."""
    named = [value_at(optimiser, path) for path in paths(optimiser) if path.rpartition(".")[2] in _BATCHES]
    most = max([protocol.MONITOR, *(value for value in named if isinstance(value, int))])
    return min(most, task.population or most)


def _gibibytes(count: int) -> str:
    return f"{count // 2**30:,} GiB" if count >= 2**40 else f"{count / 2**30:.1f} GiB"
