"""The data of a run: start parameters and batches. Both depend on the seed alone, never on its neighbours in a block.

Every batch is named by (seed, task, lag, purpose, k). The engine keeps some purposes to itself (`RESERVED`); an
optimiser draws from all others through `Draws`, which counts the batches and meters what is asked of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longlag import registry
from longlag.algebra import tree
from longlag.engine.ahead import Ahead
from longlag.engine.packing import Packed, pack
from longlag.engine.spec import Setup
from longlag.objective import Gradient, Meter, Objective, Tensors
from longlag.optimisers.base import Draw, Optimiser, Step
from longlag.protocol import EVALUATION_BATCH
from longlag.rng import stream
from longlag.tasks import PREVIEW, TaskAtLag
from longlag.tasks.base import Batch

INIT, MONITOR, CONFIRM, TEST, GRADIENT_FLOW = "init", "monitor", "confirm", "test", "flow"  # purposes of streams
RESERVED = (INIT, MONITOR, CONFIRM, TEST, GRADIENT_FLOW, PREVIEW)  # first words of purposes that no optimiser may draw


def confirmation(k: int) -> str:
    """The purpose of a replica's k-th confirmation: each one uses fresh sequences."""
    return f"{CONFIRM} {k}"


@dataclass(frozen=True)
class Data:
    """Start parameters and batches of some seeds, stacked along the replica axis R.

    gradient: how their objectives compute gradients, if not in chunks. ahead: who draws for a GPU.
    """

    setup: Setup
    seeds: tuple[int, ...]
    device: str = "cpu"
    gradient: Gradient | None = None
    ahead: Ahead | None = None

    def start(self) -> dict[str, Tensor]:
        """Every seed's initial parameters, [R, ...]; the output biases are moved to the centring's."""
        shapes, spec, dtypes = self.setup.model.shapes(), self.setup.spec, self.setup.model.dtypes()
        rows = []
        for seed in self.seeds:
            drawn = self.setup.parts.init.draw(stream(seed, spec.task, spec.lag, INIT), shapes)
            drawn["b_y"] = drawn["b_y"] + np.asarray(self.setup.parts.centring.outputs)
            rows.append({name: torch.tensor(drawn[name][None], dtype=dtypes[name]) for name in shapes})
        return {name: leaf.to(self.device) for name, leaf in tree.stack(rows).items()}

    def at(self, lag: int) -> Data:
        """The data of the same seeds at another lag of the task, to test at."""
        setup = self.setup
        task = registry.get("tasks", setup.spec.task)  # that of the setup may be on a range of lags
        return Data(replace(setup, task=task, spec=replace(setup.spec, lag=lag)), self.seeds, self.device)

    def of(self, rows: Sequence[int]) -> Data:
        """The data of some of the seeds; a GPU gets what is drawn here."""
        return Data(self.setup, tuple(self.seeds[r] for r in rows), self.device)

    def batch(self, purpose: str | Sequence[str], k: int, n: int) -> Tensors:
        """n sequences per replica, the k-th batch of the purpose; all there are where the task has fewer.

        purpose: one for all replicas, or one for each.
        """
        if self.device != "cpu" or self.ahead:
            return self.packed(purpose, k, n).tensors()
        return _stack(self._samples(self._each(purpose), k, n))

    def packed(self, purpose: str | Sequence[str], k: int, n: int) -> Packed:
        """`batch` in one piece of memory on the device."""
        purposes = self._each(purpose)
        found = self.ahead(purposes, k, n) if self.ahead else pack(self._samples(purposes, k, n))
        return found.to(self.device)

    def evaluation(self, purpose: str | Sequence[str], n: int) -> Iterator[Tensors]:
        """n sequences per replica in batches of at most `EVALUATION_BATCH`; all there are where the task has fewer."""
        for k, size in enumerate(self._sizes(n)):
            yield self.batch(purpose, k, size)

    def packed_evaluation(self, purpose: str | Sequence[str], n: int) -> list[Packed]:
        """The batches of `evaluation` in little memory."""
        return [self.packed(purpose, k, size) for k, size in enumerate(self._sizes(n))]

    def _sizes(self, n: int) -> list[int]:
        n = min(n, self.setup.task.population or n)
        return [min(EVALUATION_BATCH, n - first) for first in range(0, n, EVALUATION_BATCH)]

    def _each(self, purpose: str | Sequence[str]) -> tuple[str, ...]:
        return (purpose,) * len(self.seeds) if isinstance(purpose, str) else tuple(purpose)

    def _samples(self, purposes: tuple[str, ...], k: int, n: int) -> list[Batch]:
        task = TaskAtLag(self.setup.task, self.setup.spec.lag)
        return [task.sample(n, s, p, k) for s, p in zip(self.seeds, purposes, strict=True)]

    def objective(
        self,
        batch: Tensors,
        meter: Meter | None = None,
        active: Tensor | None = None,
        interrupt: Callable[[], None] = lambda: None,
        observe: Callable[[Tensor, Tensor], None] | None = None,
    ) -> Objective:
        """The setup's loss on a batch. meter: charged for it (default: one of its own). active: replicas [R] that ask
        and pay (default: all). interrupt: may end the step by what it raises. observe: sees the answers."""
        everyone = torch.ones(len(self.seeds), dtype=torch.bool)
        return Objective(
            self.setup.model,
            self.setup.loss,
            batch,
            Meter.zero(len(self.seeds)) if meter is None else meter,
            everyone if active is None else active,
            interrupt,
            self.gradient if observe is None else None,
            observe,
        )

    def updates(self, params: dict[str, Tensor] | None = None) -> Iterator[Step]:
        """The steps of the setup's optimiser from `params` (default: the start), without end, rows or evaluations."""
        return steps(self.setup.parts.optimiser, Draws(self), self.start() if params is None else params)


@dataclass
class Draws:
    """What an optimiser draws from: every call is a fresh batch, numbered by one counter for all replicas.

    first: the first batch that was drawn from this object.
    """

    data: Data
    meter: Meter | None = None
    active: Tensor | None = None
    drawn: int = 0
    interrupt: Callable[[], None] = lambda: None
    observe: Callable[[Tensor, Tensor], None] | None = None
    first: Tensors | None = None

    def __call__(self, n: int, purpose: str = "train") -> Objective:
        """The objective of n fresh sequences.

        Raises:
            ValueError: the purpose is one of the engine's own.
        """
        if purpose.split()[0] in RESERVED:
            raise ValueError(
                f"an optimiser may not draw {purpose!r}: those sequences are the engine's; take another word"
            )
        self.drawn += 1
        batch = self.data.batch(purpose, self.drawn, n)
        self.first = self.first or batch
        return self.data.objective(batch, self.meter, self.active, self.interrupt, self.observe)


def steps(optimiser: Optimiser, draw: Draw[Any], params: dict[str, Tensor]) -> Iterator[Step]:
    """The steps of an optimiser from these parameters, without end."""
    state = optimiser.init(params)
    while True:
        with torch.no_grad():
            step = optimiser.step(draw, params, state)
        params, state = step.params, step.state
        yield step


def _stack(batches: list[Batch]) -> Tensors:
    """One batch per replica -> [R, T, B, X], [R, B], [R, K, B, ...]."""

    def joined(name: str) -> Tensor:
        arrays = [torch.from_numpy(np.ascontiguousarray(getattr(batch, name))) for batch in batches]
        return arrays[0].unsqueeze(0) if len(arrays) == 1 else torch.stack(arrays)

    return Tensors(joined("x"), joined("start"), joined("y"))
