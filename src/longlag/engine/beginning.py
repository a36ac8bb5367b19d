"""How a run begins: four norms that agree between machines, before training has made their differences large.

Training is chaotic. A difference in the last digit of the first update grows, and decides when a seed is solved, or
whether. So outcomes of two kinds of machine say little about one run. Its start parameters, first batch and first
update say more: where they differ by more than rounding, something else is computed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
import torch
from torch import Tensor

from longlag.algebra import tree
from longlag.engine.data import Data, Draws
from longlag.engine.spec import Setup
from longlag.objective import Tensors
from longlag.optimisers.base import Step
from longlag.rng import stream

_NEIGHBOURS = 3  # starts that differ from a run's own in their last digits
_OWN_ROUNDINGS = 4  # units in the last place, of what is computed without a recurrence


@dataclass(frozen=True)
class Beginning:
    """Norms of a seed's start parameters, of its first batch (inputs and targets) and of its first update, and the
    training loss of the first step."""

    start: float = math.nan
    batch: float = math.nan
    loss: float = math.nan
    update: float = math.nan

    def text(self) -> str:
        """As a column of a row; empty if no step was made."""
        return "" if math.isnan(self.start) else json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Beginning | None:
        """From the column; None if it is empty or says something else."""
        try:
            return cls(**{name: float(value) for name, value in json.loads(text).items()})
        except (ValueError, TypeError, AttributeError):
            return None

    def differs(self, other: Beginning, allowed: Beginning) -> list[str]:
        """The names of the numbers that are further apart than `allowed`; two that are not finite are equal."""
        return [
            name for name, one in asdict(self).items() if not _close(one, getattr(other, name), getattr(allowed, name))
        ]


def unknown(replicas: int) -> np.ndarray:
    """Beginnings of replicas before the first step, [R, 4], nan."""
    return np.full((replicas, len(fields(Beginning))), np.nan)


def of_step(params: Mapping[str, Tensor], batch: Tensors | None, step: Step) -> np.ndarray:
    """The beginnings of all replicas, [R, 4], from the parameters before the first step, its first batch and itself."""
    start, update = tree.norm(params), tree.norm(tree.axpy(-1.0, params, step.params))
    drawn = torch.full_like(start, torch.nan) if batch is None else _norm(batch)
    numbers = [start, drawn, step.loss.double(), update]
    return torch.stack([each.double().cpu() for each in numbers], -1).numpy()


def allowed(setup: Setup, seed: int) -> tuple[Beginning, Beginning]:
    """The beginning of a seed here, and how far that of another machine may be from it.

    A rounding error at one step acts on what follows as a change of the parameters by a unit in the last place does, or
    less. The first step is made again from starts that differ so; the largest change of its loss and of its update,
    times the number of steps of a sequence, is allowed. Start parameters and batches are computed without a recurrence:
    they may differ by a few such units.
    """
    data, steps = Data(setup, (seed,)), setup.task.steps(setup.spec.lag)
    start = data.start()
    own = _first(data, start)
    near = [_first(data, _moved(start, seed, k)) for k in range(_NEIGHBOURS)]
    unit = max(torch.finfo(leaf.dtype).eps for leaf in start.values())

    def rounding(name: str) -> float:
        number = getattr(own, name)
        changes = [abs(getattr(other, name) - number) for other in near]
        return steps * max([unit * abs(number), *(change for change in changes if math.isfinite(change))])

    few = _OWN_ROUNDINGS * unit
    return own, Beginning(few * own.start, few * own.batch, rounding("loss"), rounding("update"))


def _first(data: Data, params: dict[str, Tensor]) -> Beginning:
    """The first step from some parameters."""
    draws, optimiser = Draws(data), data.setup.parts.optimiser
    with torch.no_grad(), np.errstate(over="ignore", invalid="ignore"):
        step = optimiser.step(draws, params, optimiser.init(params))
        return Beginning(*of_step(params, draws.first, step)[0].tolist())


def _moved(params: Mapping[str, Tensor], seed: int, k: int) -> dict[str, Tensor]:
    """Every parameter one unit in the last place up or down."""
    draw = stream(seed, "neighbour", k)
    signs = {name: torch.from_numpy(draw.integers(0, 2, leaf.shape) * 2 - 1) for name, leaf in params.items()}
    return {name: leaf * (1 + signs[name] * torch.finfo(leaf.dtype).eps).to(leaf) for name, leaf in params.items()}


def _norm(batch: Tensors) -> Tensor:
    """The norm of a batch's inputs and targets, [R], float64."""
    targets = batch.y.double().flatten(1)
    inputs = torch.linalg.vector_norm(batch.x.flatten(1), dim=1, dtype=torch.float64)  # no copy of a large batch
    return torch.hypot(inputs, torch.linalg.vector_norm(targets, dim=1))


def _close(one: float, other: float, within: float) -> bool:
    if not (math.isfinite(one) and math.isfinite(other)):
        return math.isfinite(one) == math.isfinite(other)
    return abs(one - other) <= within
