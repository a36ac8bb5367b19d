"""The one loop: `run(spec)` trains a method on a task at one lag and yields points on the way and a row per seed.

Logging, progress, files and ladders are outside it. On a CPU seeds are trained one after the other, on a GPU as
replicas of one program; what is drawn for a seed depends on the seed alone, so that grouping changes no number.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longlag import protocol, registry, tree
from longlag.errors import LonglagError
from longlag.losses import Loss
from longlag.methods.base import Method, Parts
from longlag.model import Model
from longlag.objective import Meter, Objective, Tensors
from longlag.provenance import now, provenance
from longlag.records import Point, Row, Status
from longlag.rng import stream
from longlag.settings import describe, with_values
from longlag.tasks.base import Batch, Task, check_lag

_EVALUATED_AT_ONCE = 1000  # sequences


@dataclass(frozen=True)
class RunSpec:
    """What to train. overrides: numbers changed by path, as `--set` does. timeout: wall-clock seconds per block.

    block: replicas trained as one program; 0 chooses 1 on a CPU and all seeds elsewhere.
    """

    task: str
    lag: int
    method: str
    seeds: tuple[int, ...]
    budget: float = protocol.DEFAULT_BUDGET
    overrides: Mapping[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    device: str = "cpu"
    block: int = 0


@dataclass(frozen=True)
class Setup:
    """A spec with its names looked up and its parts built."""

    spec: RunSpec
    task: Task
    method: Method
    parts: Parts
    model: Model
    loss: Loss
    text: str  # everything that decides the numbers, as JSON
    digest: str


def prepare(spec: RunSpec) -> Setup:
    """Looks names up, builds the parts and checks the numbers.

    Raises:
        LonglagError: unknown method, task or setting, a lag too small, a budget that is not a positive number.
    """
    task, method = registry.get("tasks", spec.task), registry.get("methods", spec.method)
    check_lag(task, spec.lag)
    check_device(spec.device)
    if not (spec.budget > 0 and np.isfinite(spec.budget)):
        raise LonglagError(f"budget {spec.budget!r} is not a positive number of sequence passes")
    parts = with_values(method.build(task.traits, spec.lag), spec.overrides)
    centring, outputs = parts.centring, len(task.traits.target_mean)
    shift = centring.inputs if any(centring.inputs) else None
    model = Model(parts.cell, len(task.traits.roles), outputs, task.traits.scored, parts.readout, parts.feedback, shift)
    decides = {
        "task": {"name": task.name, "version": task.version},
        "lag": spec.lag,
        "method": {"name": method.name, "version": method.version, "parts": describe(parts)},
        "budget": spec.budget,
        "overrides": dict(spec.overrides),
        "timeout": spec.timeout,
        "protocol": protocol.VERSION,
    }
    text = json.dumps(decides, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Setup(spec, task, method, parts, model, parts.loss or task.loss, text, digest)


def check_device(device: str) -> None:
    """Raises LonglagError for a device that torch cannot use here."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise LonglagError(f"device {device!r} cannot be used here ({reason}); --device cpu always works") from error


def run(spec: RunSpec) -> Iterator[Point | Row]:
    """Trains every seed of the spec; yields points as they are measured and one row per seed when it ends."""
    setup = prepare(spec)
    for seeds in blocks(setup):
        with torch.no_grad():
            yield from Block(setup, seeds).train()


def blocks(setup: Setup) -> list[tuple[int, ...]]:
    """The seeds in groups that are trained as one program."""
    seeds = setup.spec.seeds
    size = setup.spec.block or (1 if setup.spec.device == "cpu" else len(seeds))
    size = min(size, setup.parts.optimiser.replicas or size)
    return [seeds[first : first + size] for first in range(0, len(seeds), size)]


def attempt(spec: RunSpec) -> Iterator[Point | Row]:
    """`run`, but a bug ends the seeds of its block with an `error` row and a traceback, and the others go on."""
    setup = prepare(spec)
    for seeds in blocks(setup):
        left, started = list(seeds), now()
        try:
            for event in run(dataclasses.replace(spec, seeds=seeds)):
                if isinstance(event, Row):
                    left.remove(event.seed)
                yield event
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
        self.meter = Meter.zero(len(seeds))
        self.active = torch.ones(len(seeds), dtype=torch.bool)
        self.updates = np.zeros(len(seeds), dtype=int)
        self.best = np.full(len(seeds), np.nan)
        self.evaluated = np.zeros(len(seeds))
        self.confirmations = 0
        self.drawn = 0
        self.params = self._start()

    def train(self) -> Iterator[Point | Row]:
        """The loop: step, look where the grid says so, stop where the rules say so."""
        optimiser, budget = self.setup.parts.optimiser, self.setup.spec.budget
        state, look = optimiser.init(self.params), protocol.next_look(0)
        while self.active.any():
            step = optimiser.step(self._draw, self.params, state)
            self.params = step.params if self.active.all() else tree.where(self.active, step.params, self.params)
            state, self.updates = step.state, self.updates + self.active.numpy()
            yield from self._stop(~step.loss.isfinite().cpu(), Status.DIVERGED, "the training loss is not finite")
            passes = float((self.meter.passes * self.active).max())
            if passes >= min(look, budget) or step.exhausted:
                look = protocol.next_look(passes)
                yield from self._look(step.loss)
            if step.exhausted:
                yield from self._stop(self.active, Status.BUDGET, "the readout has all the sequences it asks for")
            yield from self._stop(self.meter.passes >= budget, Status.BUDGET, "the budget of sequence passes is spent")
            if self._late():
                yield from self._stop(
                    self.active, Status.TIMEOUT, f"stopped after {self.setup.spec.timeout:g} s of wall clock"
                )

    def _look(self, train_loss: Tensor) -> Iterator[Point | Row]:
        """Monitor, and where it passes confirm; a confirmed replica within the budget goes to its one test."""
        yield from self._stop(~tree.finite(self.params).cpu(), Status.DIVERGED, "a parameter is not finite")
        if not self.active.any():
            return
        error, loss, _ = self._evaluate("monitor", protocol.MONITOR, self.active)
        self.best = np.fmin(self.best, np.where(self.active, error, np.nan))
        for r in torch.nonzero(self.active).flatten().tolist():
            yield self._point(r, float(train_loss[r]), error[r], loss[r])
        passing = (
            self.active.numpy() & (error <= protocol.CRITERION) & (self.meter.passes.numpy() <= self.setup.spec.budget)
        )
        if passing.any():
            self.confirmations += 1
            who = torch.from_numpy(passing)
            confirmed, _, _ = self._evaluate(f"confirm {self.confirmations}", protocol.CONFIRM, who)
            done = who & torch.from_numpy(confirmed <= protocol.CONFIRMATION)
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
            scores[3] = self._every_step()
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
        }
        return unmeasured_row(self.setup, self.seeds[r], self.started, **measured)

    def _point(self, r: int, train_loss: float, error: float, loss: float) -> Point:
        spec, seconds = self.setup.spec, (time.process_time() - self.cpu) / len(self.seeds)
        return Point(spec.task, spec.lag, spec.method, self.seeds[r], float(self.meter.passes[r]), int(self.updates[r]),
                     train_loss, float(error), float(loss), seconds)  # fmt: skip

    def _start(self) -> dict[str, Tensor]:
        """Every seed's initial parameters, [R, ...] float32; output biases at the centring's."""
        shapes, spec = self.setup.model.shapes(), self.setup.spec
        rows = []
        for seed in self.seeds:
            drawn = self.setup.parts.init.draw(stream(seed, spec.task, spec.lag, "init"), shapes)
            drawn["b_y"] = drawn["b_y"] + np.asarray(self.setup.parts.centring.outputs)
            rows.append({name: torch.tensor(drawn[name][None], dtype=torch.float32) for name in shapes})
        return {name: leaf.to(self.device) for name, leaf in tree.stack(rows).items()}

    def _draw(self, n: int, purpose: str = "train") -> Objective:
        """Fresh training sequences: each call advances one counter, the same for all replicas."""
        self.drawn += 1
        batch = self._tensors(purpose, self.drawn, n)
        return Objective(self.setup.model, self.setup.loss, batch, self.meter, self.active)

    def _tensors(self, purpose: str, k: int, n: int) -> Tensors:
        task, lag = self.setup.task, self.setup.spec.lag
        n = min(n, task.population or n)
        batches = [task.sample(stream(seed, task.name, lag, purpose, k), lag, n) for seed in self.seeds]
        return _stack(batches, self.device)

    def _evaluate(self, purpose: str, n: int, who: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Per replica: share of sequences wrong, loss, share of answers wrong. Not charged, but counted for `who`."""
        n = min(n, self.setup.task.population or n)
        sums = np.zeros((3, len(self.seeds)))
        for k, first in enumerate(range(0, n, _EVALUATED_AT_ONCE)):
            batch = self._tensors(purpose, k, min(_EVALUATED_AT_ONCE, n - first))
            outputs = self.setup.model.outputs(self.params, batch.x, batch.start)
            wrong = self.setup.loss.wrong(outputs, batch.y).double()  # [R, K, B]
            loss = self.setup.loss.value(outputs, batch.y).double()
            scores = torch.stack([wrong.amax(1).mean(1), loss, wrong.mean((1, 2))])
            sums += len(batch) / n * scores.cpu().numpy()
        self.evaluated += n * who.numpy()
        return sums[0], sums[1], sums[2]

    def _every_step(self) -> np.ndarray:
        """Share of sequences wrong at any step, blanks included, where the task says what is right there."""
        task = self.setup.task
        if task.idle_class is None:
            return np.full(len(self.seeds), np.nan)
        batch = self._tensors("test", 0, protocol.MONITOR)
        model = dataclasses.replace(self.setup.model, scored=batch.x.shape[1])
        idle = batch.y.new_full((len(batch.y), batch.x.shape[1] - batch.y.shape[1], len(batch)), task.idle_class)
        outputs = model.outputs(self.params, batch.x, batch.start)
        return self.setup.loss.wrong(outputs, torch.cat([idle, batch.y], 1)).any(1).double().mean(1).cpu().numpy()

    def _trained(self) -> int:
        names = self.setup.parts.optimiser.trained or tuple(self.params)
        return sum(self.params[name][0].numel() for name in names)

    def _late(self) -> bool:
        timeout = self.setup.spec.timeout
        return timeout is not None and time.monotonic() - self.wall > timeout


def unmeasured_row(setup: Setup, seed: int, started: str, **measured: Any) -> Row:
    """A row of that setup: what is not measured is nan, zero or empty."""
    task, nan = setup.task, float("nan")
    blank: dict[str, Any] = dict.fromkeys(
        ("passes_to_solve", "test_error", "test_loss", "test_symbol_error", "test_error_every_step", "best_error"), nan
    )
    known = {
        "task": task.name, "lag": setup.spec.lag, "minimal_lag": task.minimal_lag(setup.spec.lag),
        "method": setup.method.name, "seed": seed, "solved": False, "passes": 0.0, "budget": setup.spec.budget,
        "flops": 0.0, "updates": 0, "evaluation_passes": 0.0, "loss": setup.loss.name, "parameters": 0,
        "seconds": 0.0, "wall_seconds": 0.0, "started": started,
        "task_version": task.version, "method_version": setup.method.version, "protocol_version": protocol.VERSION,
        "spec_hash": setup.digest, "spec": setup.text,
    }  # fmt: skip
    baselines = {
        f"{name}_{score}": getattr(task.baselines[name], score)
        for name in ("constant", "half_solved")
        for score in ("error", "loss")
    }
    return Row(**(blank | known | baselines | provenance(setup.spec.device) | measured))


def _stack(batches: list[Batch], device: torch.device) -> Tensors:
    """One batch per replica -> [R, L, B, X], [R, B], [R, K, B, ...]."""

    def joined(name: str) -> Tensor:
        arrays = [torch.from_numpy(np.ascontiguousarray(getattr(batch, name))) for batch in batches]
        return (arrays[0].unsqueeze(0) if len(arrays) == 1 else torch.stack(arrays)).to(device)

    return Tensors(joined("x"), joined("start"), joined("y"))
