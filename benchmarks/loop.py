"""P3, P8: an update as a run makes it, from drawing its sequences to new parameters, and what is beside the update.

Everything is included that `longlag train` does between two looks: the random stream, the task's generator, the
meter, the cell, readout and loss, clipping and optimiser.
"""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.arm import Arm
from benchmarks.problem import first
from longlag import protocol, registry
from longlag.engine.spec import RunSpec, prepare
from longlag.engine.train import Block
from longlag.tasks.base import Task


def block(method: str, task: str, lag: int, seed: int = 0) -> Block:
    with torch.no_grad():
        return Block(prepare(RunSpec(task, lag, method, (seed,))), (seed,))


def update(method: str, task: str, lag: int, seed: int = 0) -> Arm:
    """One step of the method's optimiser, its draw included."""
    own = block(method, task, lag, seed)
    optimiser = own.setup.parts.optimiser
    state: Any = optimiser.init(own.params)

    def work() -> None:
        nonlocal state
        with torch.no_grad():
            step = optimiser.step(own._draw, own.params, state)
        own.params, state = step.params, step.state

    return Arm(work, lambda: first(own.params))


def draw(method: str, task: str, lag: int) -> Arm:
    """The sequences of one update and nothing else."""
    own = block(method, task, lag)
    settings: Any = own.setup.parts.optimiser
    return Arm(lambda: own._draw(settings.batch))


def monitor(method: str, task: str, lag: int, seed: int = 0) -> Arm:
    """One look at the monitor set, drawn and judged."""
    own = block(method, task, lag, seed)

    def work() -> None:
        with torch.no_grad():
            own._evaluate("monitor", protocol.MONITOR, own.active)

    return Arm(work)


def look_size(task: str) -> int:
    """Sequences of the monitor set."""
    found: Task = registry.get("tasks", task)
    return min(protocol.MONITOR, found.population or protocol.MONITOR)
