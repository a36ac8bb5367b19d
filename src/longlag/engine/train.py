"""The one loop: `run(spec)` trains a method on a task at one lag and yields points on the way and a row per seed.

Logging, progress, files and ladders are outside it, and so is what happens between two steps: a *driver* takes a block
to its end, the plain one by `Block.train`, one that keeps checkpoints by `Block.state` and `Block.restore`.
On a CPU seeds are trained one after the other, on a GPU as replicas of one program; what is drawn for a seed depends on
the seed alone, so that grouping changes no number.
"""

from __future__ import annotations

import dataclasses
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longlag import protocol
from longlag.algebra import tree
from longlag.engine import denormals, gradient_flow
from longlag.engine.provenance import now, provenance
from longlag.engine.spec import RunSpec, Setup, prepare, unmeasured_row
from longlag.errors import LonglagError
from longlag.objective import Meter, Objective, Tensors
from longlag.optimisers.base import Step
from longlag.rng import stream
from longlag.store.records import Point, Row, Status
from longlag.tasks.base import Batch

_EVALUATED_AT_ONCE = 1000  # sequences
_EVERY_STEP_AT_ONCE = 50  # sequences, all of whose states are kept: a long delay line has thousands of steps and units
_NOT_FINITE = "the training loss is not finite"
_RESERVED = ("monitor", "confirm", "test", "init", "flow")  # purposes of streams that no optimiser may draw


def plain(block: Block) -> Iterator[Point | Row]:
    """The driver that keeps nothing."""
    return block.train()


def watched(driver: Driver = plain) -> Driver:
    """The same driver, with gradient flow read at every look: the points carry it. Costs 1 to 4 % of a trained run."""

    def drive(block: Block) -> Iterator[Point | Row]:
        block.watched = True
        return driver(block)

    return drive


def run(spec: RunSpec, driver: Driver = plain) -> Iterator[Point | Row]:
    """Trains every seed of the spec; yields points as they are measured and one row per seed when it ends."""
    setup = prepare(spec)
    for seeds in blocks(setup):
        with torch.no_grad(), denormals.flushed():
            yield from driver(Block(setup, seeds))


def blocks(setup: Setup) -> list[tuple[int, ...]]:
    """The seeds in groups that are trained as one program."""
    seeds = setup.spec.seeds
    size = setup.spec.block or (1 if setup.spec.device == "cpu" else len(seeds))
    size = max(1, min(size, setup.parts.optimiser.replicas or size))
    return [seeds[first : first + size] for first in range(0, len(seeds), size)]


def attempt(spec: RunSpec, driver: Driver = plain) -> Iterator[Point | Row]:
    """`run`, but a bug ends the seeds of its block with an `error` row and a traceback, and the others go on."""
    setup = prepare(spec)
    for seeds in blocks(setup):
        left, started = list(seeds), now()
        try:
            for event in run(dataclasses.replace(spec, seeds=seeds), driver):
                if isinstance(event, Row):
                    left.remove(event.seed)
                yield event
        except LonglagError:
            raise
        except Exception as error:
            traceback.print_exc()
            for seed in left:
                reason = f"{type(error).__name__}: {error}"
                yield unmeasured_row(setup, seed, started, status=str(Status.ERROR), reason=reason)


class Block:
    """Some seeds trained as the replicas of one program."""

    def __init__(self, setup: Setup, seeds: tuple[int, ...]) -> None:
        self.setup, self.seeds, self.device = setup, seeds, torch.device(setup.spec.device)
        self.started, self.cpu, self.wall = now(), time.process_time(), time.monotonic()
        self.resumed, self.watched = 0, False
        provenance(setup.spec.device)  # of the code that starts, not of what an edit made of it by the end
        self.meter = Meter.zero(len(seeds))
        self.active = torch.ones(len(seeds), dtype=torch.bool)
        self.updates = np.zeros(len(seeds), dtype=int)
        self.best = np.full(len(seeds), np.nan)
        self.evaluated = np.zeros(len(seeds))
        self.confirmations = np.zeros(len(seeds), dtype=int)
        self.drawn = 0
        self.look = protocol.next_look(0)
        self.params = self._start()
        self.optimiser_state = setup.parts.optimiser.init(self.params)

    def train(self) -> Iterator[Point | Row]:
        """The loop, to its end."""
        while self.active.any():
            yield from self.advance()

    def advance(self) -> Iterator[Point | Row]:
        """One step, a look where the grid says so, a stop where the rules say so."""
        optimiser, budget, before = self.setup.parts.optimiser, self.setup.spec.budget, float(self.meter.passes.max())
        params = self.params
        step = optimiser.step(self._draw, self.params, self.optimiser_state)
        self.params = step.params if self.active.all() else tree.where(self.active, step.params, self.params)
        self.optimiser_state, self.updates = step.state, self.updates + self.active.numpy()
        yield from self._stop(~step.loss.isfinite().cpu(), Status.DIVERGED, step.failure or _NOT_FINITE)
        passes = float(self.meter.passes.max())
        if passes == before and not step.exhausted:
            raise RuntimeError(f"{type(optimiser).__name__} took a step without asking its oracle anything")
        if passes >= min(self.look, budget) or step.exhausted:
            self.look = protocol.next_look(passes)
            yield from self._look(step, params)
        if step.exhausted:
            yield from self._stop(self.active, Status.BUDGET, "the readout has all the sequences it asks for")
        yield from self._stop(self.meter.passes >= budget, Status.BUDGET, "the budget of sequence passes is spent")
        if self._late():
            reason = f"stopped after {self.setup.spec.timeout:g} s of wall clock"
            yield from self._stop(self.active, Status.TIMEOUT, reason)

    def state(self) -> dict[str, Any]:
        """All that decides what the next steps do, as a tree of tensors, arrays, numbers and the optimiser's state.

        Random streams are keyed by counters (`drawn`, `confirmations`, and what the optimiser counts), so that these
        are their position. cpu: seconds so far, an equal share per replica.
        """
        replicas = len(self.seeds)
        return {
            "params": self.params,
            "optimiser": self.optimiser_state,
            "passes": self.meter.passes,
            "flops": self.meter.flops,
            "active": self.active,
            "updates": self.updates,
            "best": self.best,
            "evaluated": self.evaluated,
            "confirmations": self.confirmations,
            "drawn": self.drawn,
            "look": self.look,
            "started": self.started,
            "cpu": np.full(replicas, (time.process_time() - self.cpu) / replicas),
            "wall": time.monotonic() - self.wall,
            "resumed": self.resumed,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state` returned, in this process or another."""
        self.params, self.optimiser_state = state["params"], state["optimiser"]
        self.meter = Meter(state["passes"], state["flops"])
        self.active, self.updates, self.best = state["active"], state["updates"], state["best"]
        self.evaluated, self.confirmations = state["evaluated"], state["confirmations"]
        self.drawn, self.look, self.started = state["drawn"], state["look"], state["started"]
        self.cpu, self.wall = time.process_time() - state["cpu"].sum(), time.monotonic() - state["wall"]
        self.resumed = state["resumed"] + 1

    def _look(self, step: Step, before: dict[str, Tensor]) -> Iterator[Point | Row]:
        """Monitor, and where it passes confirm; a confirmed replica within the budget goes to its one test."""
        yield from self._stop(~tree.finite(self.params).cpu(), Status.DIVERGED, "a parameter is not finite")
        if not self.active.any():
            return
        error, loss, _ = self._evaluate("monitor", protocol.MONITOR, self.active)
        affordable = self.active & (self.meter.passes <= self.setup.spec.budget)
        self.best = np.fmin(self.best, np.where(affordable, error, np.nan))
        flows = self._flow(step, before) if self.watched else [{}] * len(self.seeds)
        for r in torch.nonzero(self.active).flatten().tolist():
            yield self._point(r, float(step.loss[r]), error[r], loss[r], flows[r])
        passing = affordable & torch.from_numpy(error <= protocol.CRITERION)
        if passing.any():
            self.confirmations += passing.numpy()  # each replica's own count: no neighbour moves its data
            purposes = [f"confirm {k}" for k in self.confirmations]
            confirmed, _, _ = self._evaluate(purposes, protocol.CONFIRM, passing)
            done = passing & torch.from_numpy(confirmed <= protocol.CONFIRMATION)
            yield from self._stop(done, Status.SOLVED, "confirmed on validation, and on the test set")

    def _stop(self, mask: Tensor, status: Status, reason: str) -> Iterator[Row]:
        """Ends the active replicas of the mask with a row each."""
        mask = mask & self.active
        if not mask.any():
            return
        self.active = self.active & ~mask
        scores = np.full((4, len(self.seeds)), np.nan)
        if status != Status.DIVERGED:
            scores[:3] = self._evaluate("test", protocol.TEST, mask)
            scores[3] = self._every_step(mask)
        for r in torch.nonzero(mask).flatten().tolist():
            yield self._row(r, status, reason, scores[:, r])

    def _row(self, r: int, status: Status, reason: str, scores: np.ndarray) -> Row:
        passes, flops = float(self.meter.passes[r]), float(self.meter.flops[r])
        solved = status == Status.SOLVED and scores[0] <= protocol.CRITERION
        if status == Status.SOLVED and not solved:
            status, reason = Status.BUDGET, f"confirmed on validation, but {scores[0]:.2%} of the test set wrong"
        measured = {
            "status": str(status),
            "reason": reason,
            "solved": bool(solved),
            "passes_to_solve": passes if solved else float("nan"),
            "passes": passes,
            "flops": flops,
            "updates": int(self.updates[r]),
            "evaluation_passes": float(self.evaluated[r]),
            "test_error": float(scores[0]),
            "test_loss": float(scores[1]),
            "test_symbol_error": float(scores[2]),
            "test_error_every_step": float(scores[3]),
            "best_error": float(self.best[r]),
            "parameters": self._trained(),
            "seconds": (time.process_time() - self.cpu) / len(self.seeds),
            "wall_seconds": time.monotonic() - self.wall,
            "resumed": self.resumed,
        }
        return unmeasured_row(self.setup, self.seeds[r], self.started, **measured)

    def _flow(self, step: Step, before: dict[str, Tensor]) -> list[dict[str, float]]:
        batch = self._tensors(["flow"] * len(self.seeds), 0, gradient_flow.SEQUENCES)
        return gradient_flow.readings(self.setup.model, self.setup.loss, before, self.params, step.info, batch)

    def _point(self, r: int, train_loss: float, error: float, loss: float, flows: Mapping[str, float]) -> Point:
        spec, seconds = self.setup.spec, (time.process_time() - self.cpu) / len(self.seeds)
        return Point(spec.task, spec.lag, spec.method, self.seeds[r], float(self.meter.passes[r]), int(self.updates[r]),
                     train_loss, float(error), float(loss), seconds, **flows)  # fmt: skip

    def _start(self) -> dict[str, Tensor]:
        """Every seed's initial parameters, [R, ...]; output biases at the centring's."""
        shapes, spec, dtypes = self.setup.model.shapes(), self.setup.spec, self.setup.model.dtypes()
        rows = []
        for seed in self.seeds:
            drawn = self.setup.parts.init.draw(stream(seed, spec.task, spec.lag, "init"), shapes)
            drawn["b_y"] = drawn["b_y"] + np.asarray(self.setup.parts.centring.outputs)
            rows.append({name: torch.tensor(drawn[name][None], dtype=dtypes[name]) for name in shapes})
        return {name: leaf.to(self.device) for name, leaf in tree.stack(rows).items()}

    def _draw(self, n: int, purpose: str = "train") -> Objective:
        """Fresh training sequences: each call advances one counter, the same for all replicas."""
        if purpose.split()[0] in _RESERVED:
            raise ValueError(f"an optimiser may not draw {purpose!r}: those sequences are the engine's")
        self.drawn += 1
        batch = self._tensors([purpose] * len(self.seeds), self.drawn, n)
        return Objective(self.setup.model, self.setup.loss, batch, self.meter, self.active)

    def _tensors(self, purposes: Sequence[str], k: int, n: int) -> Tensors:
        """n sequences per replica, from the k-th stream of each replica's purpose."""
        task, lag = self.setup.task, self.setup.spec.lag
        n = min(n, task.population or n)
        pairs = zip(self.seeds, purposes, strict=True)
        return _stack([task.sample(stream(seed, task.name, lag, p, k), lag, n) for seed, p in pairs], self.device)

    def _evaluate(self, purpose: str | Sequence[str], n: int, who: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Per replica: share of sequences wrong, loss, share of answers wrong. Not charged, but counted for `who`.

        What is wrong is the task's to say; the loss is the one that is minimised.
        """
        task = self.setup.task
        n = min(n, task.population or n)
        purposes = [purpose] * len(self.seeds) if isinstance(purpose, str) else purpose
        wrong, answers, loss = (np.zeros(len(self.seeds)) for _ in range(3))
        for k, first in enumerate(range(0, n, _EVALUATED_AT_ONCE)):
            batch = self._tensors(purposes, k, min(_EVALUATED_AT_ONCE, n - first))
            outputs = self.setup.model.outputs(self.params, batch.x, batch.start)
            misses = task.loss.wrong(outputs, batch.y)  # [R, K, B]
            wrong += misses.any(1).sum(1).cpu().numpy()  # counted whole: a rounded sum would shift the criterion
            answers += misses.double().mean(1).sum(1).cpu().numpy()
            loss += len(batch) * self.setup.loss.value(outputs, batch.y).double().cpu().numpy()
        self.evaluated += n * who.numpy()
        return wrong / n, loss / n, answers / n

    def _every_step(self, who: Tensor) -> np.ndarray:
        """Share of sequences wrong at any step, blanks included, where the task says what is right there."""
        task = self.setup.task
        if task.idle_class is None:
            return np.full(len(self.seeds), np.nan)
        batch = self._tensors(["test"] * len(self.seeds), 0, protocol.MONITOR)
        model = dataclasses.replace(self.setup.model, scored=batch.x.shape[1])
        wrong = torch.zeros(len(self.seeds), dtype=torch.float64)
        for share, b in batch.chunks(_EVERY_STEP_AT_ONCE):
            idle = b.y.new_full((len(b.y), b.x.shape[1] - b.y.shape[1], len(b)), task.idle_class)
            misses = task.loss.wrong(model.outputs(self.params, b.x, b.start), torch.cat([idle, b.y], 1))
            wrong += share * misses.any(1).double().mean(1).cpu()
        self.evaluated += len(batch) * who.numpy()
        return wrong.numpy()

    def _trained(self) -> int:
        names = self.setup.parts.optimiser.trained or tuple(self.params)
        return sum(self.params[name][0].numel() for name in names)

    def _late(self) -> bool:
        timeout = self.setup.spec.timeout
        return timeout is not None and time.monotonic() - self.wall > timeout


Driver = Callable[[Block], Iterator[Point | Row]]  # takes a block to its end


def _stack(batches: list[Batch], device: torch.device) -> Tensors:
    """One batch per replica -> [R, L, B, X], [R, B], [R, K, B, ...]."""

    def joined(name: str) -> Tensor:
        arrays = [torch.from_numpy(np.ascontiguousarray(getattr(batch, name))) for batch in batches]
        return (arrays[0].unsqueeze(0) if len(arrays) == 1 else torch.stack(arrays)).to(device)

    return Tensors(joined("x"), joined("start"), joined("y"))
