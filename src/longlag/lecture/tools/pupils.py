"""Small training for claims: a setup's parameters at the start, fresh batches, and the updates of its optimiser.

The draws are those of `longlag.engine.train` (streams of the same names), without looks, verdicts and rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longlag.engine.spec import RunSpec, Setup, resolve
from longlag.objective import Meter, Objective, Tensors
from longlag.optimisers.base import Step
from longlag.rng import stream


@dataclass(frozen=True)
class Pupil:
    """One seed of a setup, ready to be trained on a CPU."""

    setup: Setup
    seed: int
    dtype: torch.dtype = torch.float32

    def start(self) -> dict[str, Tensor]:
        """The parameters that the engine would start from, [1, ...]."""
        spec, shapes = self.setup.spec, self.setup.model.shapes()
        drawn = self.setup.parts.init.draw(stream(self.seed, spec.task, spec.lag, "init"), shapes)
        drawn["b_y"] = drawn["b_y"] + np.asarray(self.setup.parts.centring.outputs)
        return {name: torch.tensor(drawn[name][None], dtype=self.dtype) for name in shapes}

    def batch(self, n: int, purpose: str, k: int = 0) -> Tensors:
        """n sequences of the k-th stream of a purpose."""
        task, lag = self.setup.task, self.setup.spec.lag
        drawn = task.sample(stream(self.seed, task.name, lag, purpose, k), lag, min(n, task.population or n))
        return Tensors(*(torch.from_numpy(np.ascontiguousarray(a))[None] for a in (drawn.x, drawn.start, drawn.y)))

    def objective(self, batch: Tensors) -> Objective:
        """The setup's loss on a batch."""
        return Objective(self.setup.model, self.setup.loss, batch, Meter.zero(1))

    def wrong(self, params: Mapping[str, Tensor], n: int = 1000) -> float:
        """Share of n fresh test sequences wrong."""
        batch = self.batch(n, "test")
        outputs = self.setup.model.outputs(params, batch.x, batch.start)
        return float(self.setup.task.loss.wrong(outputs, batch.y).any(1).double().mean())

    def updates(self, params: dict[str, Tensor] | None = None) -> Iterator[Step]:
        """The optimiser's steps from these parameters (default: the start), for as long as they are asked for."""
        optimiser, params = self.setup.parts.optimiser, params or self.start()
        state, draw = optimiser.init(params), self._draws()
        while True:
            with torch.no_grad():
                step = optimiser.step(draw, params, state)
            params, state = step.params, step.state
            yield step

    def _draws(self) -> Callable[..., Objective]:
        drawn = 0

        def draw(n: int, purpose: str = "train") -> Objective:
            nonlocal drawn
            drawn += 1
            return self.objective(self.batch(n, purpose, drawn))

        return draw


def pupil(method: str, task: str, lag: int, seed: int, overrides: Mapping[str, Any] | None = None) -> Pupil:
    """A method on a task at a lag, as `longlag train` would set it up."""
    return Pupil(resolve(RunSpec(task, lag, method, (seed,), overrides=overrides or {})), seed)
