"""P3, P8: an update as in a run, from the draw of its sequences to new parameters; drawing and evaluating alone.

An update includes everything that `longlag train` does between two evaluations: the random stream, the task's
generator, the meter, the cell, readout and loss, clipping and optimiser.
"""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.arm import Arm
from benchmarks.problem import first
from longlag import protocol, registry
from longlag.engine import evaluate
from longlag.engine.data import MONITOR, Data, Draws
from longlag.engine.spec import RunSpec, resolve
from longlag.tasks.base import Task


def data(method: str, task: str, lag: int, seed: int = 0) -> Data:
    """The start and the batches of a run with that seed."""
    return Data(resolve(RunSpec(task, lag, method, (seed,))), (seed,))


def update(method: str, task: str, lag: int, seed: int = 0) -> Arm:
    """One step of the method's optimiser, including its draw."""
    own = data(method, task, lag, seed)
    params, updates = own.start(), own.updates()

    def work() -> None:
        nonlocal params
        params = next(updates).params

    return Arm(work, lambda: first(params))


def draw(method: str, task: str, lag: int) -> Arm:
    """The draw of one update's sequences alone."""
    own = data(method, task, lag)
    settings: Any = own.setup.parts.optimiser
    draws = Draws(own)
    return Arm(lambda: draws(settings.batch))


def monitor(method: str, task: str, lag: int, seed: int = 0) -> Arm:
    """One evaluation of the monitor set, including its draw."""
    own = data(method, task, lag, seed)
    params = own.start()

    def work() -> None:
        with torch.no_grad():
            evaluate.score(own.setup, params, own.evaluation(MONITOR, protocol.MONITOR))

    return Arm(work)


def monitor_size(task: str) -> int:
    """Number of sequences in the monitor set."""
    found: Task = registry.get("tasks", task)
    return min(protocol.MONITOR, found.population or protocol.MONITOR)
