"""Small nets trained live with the library's own tasks, methods and oracle, one seed at a time.

The engine of `longlag.engine.train` decides when a run ends; here a claim looks at single steps, so that it draws the
batches itself, from streams of their own ("lecture ..."), and asks the same `Objective` that every optimiser asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from longlag.algebra import tree
from longlag.cells.base import Cell
from longlag.engine.spec import Setup
from longlag.inits.base import Init
from longlag.objective import Meter, Objective, Tensors
from longlag.rng import stream

Params = dict[str, Tensor]


def with_cell(setup: Setup, cell: Cell, init: Init) -> Setup:
    """The same method on another cell."""
    return replace(setup, parts=replace(setup.parts, cell=cell, init=init), model=replace(setup.model, cell=cell))


@dataclass(frozen=True)
class Learner:
    """One seed's net on its task: where it starts, its batches, its error. purpose: names the streams."""

    setup: Setup
    seed: int
    purpose: str

    def start(self) -> Params:
        """Initial parameters, [1, ...] float32."""
        task, lag = self.setup.task.name, self.setup.spec.lag
        drawn = self.setup.parts.init.draw(stream(self.seed, task, lag, "init"), self.setup.model.shapes())
        drawn["b_y"] = drawn["b_y"] + np.asarray(self.setup.parts.centring.outputs)
        return {name: torch.tensor(drawn[name][None], dtype=torch.float32) for name in self.setup.model.shapes()}

    def batch(self, k: int, n: int, purpose: str = "train") -> Tensors:
        """n sequences, the k-th batch of that purpose."""
        task, lag = self.setup.task, self.setup.spec.lag
        found = task.sample(stream(self.seed, task.name, lag, f"lecture {self.purpose} {purpose}", k), lag, n)
        x, start, y = (torch.from_numpy(np.ascontiguousarray(part))[None] for part in (found.x, found.start, found.y))
        return Tensors(x, start, y)

    def objective(self, k: int, n: int) -> Objective:
        """The oracle of the k-th training batch."""
        return Objective(self.setup.model, self.setup.loss, self.batch(k, n), Meter.zero(1))

    def error(self, params: Params, data: Tensors) -> float:
        """Share of sequences wrong."""
        outputs = self.setup.model.outputs(params, data.x, data.start)
        return float(self.setup.task.loss.wrong(outputs, data.y).any(1).double().mean())


def norm(params: Params) -> float:
    """Euclidean norm of one replica."""
    return float(tree.norm(params)[0])
