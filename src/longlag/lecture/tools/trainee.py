"""A net that a claim trains: the engine's data and updates for one seed, without evaluations, verdicts and rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from longlag.algebra.tree import Params
from longlag.engine.data import Data
from longlag.engine.evaluate import score
from longlag.engine.spec import RunSpec, resolve
from longlag.objective import Tensors


def trainee(method: str, task: str, lag: int, seed: int) -> Data:
    """One seed of a method on a task at a lag, as `longlag train` would set it up."""
    return Data(resolve(RunSpec(task, lag, method, (seed,))), (seed,))


def with_parts(data: Data, **parts: Any) -> Data:
    """The same seed with other parts of its method, such as another optimiser."""
    setup = data.setup
    return replace(data, setup=replace(setup, parts=replace(setup.parts, **parts)))


def wrong(data: Data, params: Params, batch: Tensors) -> float:
    """Share of the batch's sequences wrong."""
    return float(score(data.setup, params, [batch]).wrong[0])
