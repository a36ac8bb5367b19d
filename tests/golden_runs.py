"""Golden numbers of methods: start, first losses, first updates and validation losses in float64, few of each.

What a computation is sensitive to is measured where the file is written: all that an optimiser learns from its oracle
is moved by relative errors of NOISE, several times. The engine itself trains in float32: its wiring (streams, centring,
counts) has entries of its own, with the eps of float32 and the square root of the operations, which a changed formula
must still exceed a thousand times.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from golden_numbers import EPS, Number, measured, probe
from longlag.algebra import tree
from longlag.engine.data import INIT, Data
from longlag.engine.spec import RunSpec, Setup, resolve
from longlag.objective import Meter, Objective, Tensors
from longlag.optimisers import HessianFree, Ridge
from longlag.rng import stream
from toy import outcome, spec

NOISE = 2.0**-30  # far above rounding, and so little that no decision changes
NOISY_RUNS = 4
UPDATES = 3  # momentum acts from the second, damping's second value from the second
VALIDATION = 50  # sequences
LAG, SEED, BUDGET = 12, 0, 1500.0
ROUNDED_AWAY = 1e-14  # of mean^2: a variance that is rounding alone
EIGENVALUES = 10  # sweeps per unit of the QR algorithm, behind a spectral radius
SINGLE = 2.0**-23 / EPS  # the eps of float32


def golden_spec(method: str, task: str) -> RunSpec:
    """The run whose digest belongs to the numbers."""
    return spec(method, task, lag=LAG, budget=BUDGET)


def numbers(method: str, task: str, sensitivities: bool) -> dict[str, Number]:
    """The numbers of a method on a task; tolerances count the sensitivity only if it is asked for."""
    setup = resolve(_well_conditioned(golden_spec(method, task)))
    exact = _values(setup, None)
    moved = [_values(setup, np.random.default_rng(k)) for k in range(NOISY_RUNS)] if sensitivities else []
    out = {}
    for name, (value, operations, magnitude) in exact.items():
        if isinstance(value, str):
            out[name] = Number(value)
            continue
        changes = [abs(run[name][0] - value) for run in moved if not math.isnan(value)]
        out[name] = measured(value, operations, magnitude, max(changes, default=0.0) / NOISE)
    return out


def engine_numbers(method: str, task: str) -> dict[str, Number]:
    """One update by the engine: losses to the rounding of float32, and exact counts."""
    points, (row,) = outcome(spec(method, task, lag=LAG, budget=1.0))
    setup = resolve(spec(method, task, lag=LAG, budget=1.0))
    operations = SINGLE * math.sqrt(3 * _chain(setup, 1))  # errors of random sign (Higham & Mary 2019)
    losses = {"train loss": points[0].train_loss, "validation loss": points[0].loss, "test loss": row.test_loss}
    counts = {name: getattr(row, name) for name in ("status", "updates", "passes", "flops", "parameters")}
    counts |= {"evaluation_passes": row.evaluation_passes, "minimal_lag": row.minimal_lag, "points": len(points)}
    rounded = {name: _single(value, operations) for name, value in losses.items()}
    return rounded | {name: Number(value) for name, value in counts.items()}


def _single(value: float, operations: float) -> Number:
    return Number(value, operations * EPS * abs(value))


def _well_conditioned(run: RunSpec) -> RunSpec:
    """The same run, but ridge equations with a penalty that makes them well-conditioned, and short runs of CG."""
    optimiser, changes = resolve(run).parts.optimiser, {}
    if isinstance(optimiser, Ridge):
        changes = {"optimiser.penalties": (1.0,) * len(optimiser.penalties)}
    if isinstance(optimiser, HessianFree):
        changes = {"optimiser.cg.most_iterations": 4}
    return replace(run, overrides={**run.overrides, **changes})


def _values(setup: Setup, noise: np.random.Generator | None) -> dict[str, tuple[Any, float, float]]:
    """Name -> (value, operations, magnitude)."""
    meter, params, optimiser = Meter.zero(1), _start(setup), setup.parts.optimiser
    out = dict(_tensors("start", params, EIGENVALUES * setup.parts.cell.hidden**2))
    state, draws = optimiser.init(params), _Draws(setup, meter, noise)
    solving = 0.0
    if isinstance(optimiser, Ridge):
        phi, y = replace(draws, meter=Meter.zero(1), noise=None)(UPDATES * VALIDATION).features(params)
        solving = _solving(phi[0])
        out |= _tensors("first", {"features": phi, "targets": y}, _chain(setup, 1))
    params = tree.map_(lambda p: _relative(p, noise), params)
    with torch.no_grad():
        for k in range(1, UPDATES + 1):
            step = optimiser.step(draws, params, state)
            moved, params, state = tree.axpy(-1, params, step.params), step.params, step.state
            operations = solving + _chain(setup, float(meter.passes) / draws.largest)
            out |= _tensors(f"update {k}", moved, operations)
            loss = _Draws(setup, Meter.zero(1), noise)(VALIDATION, "monitor").value(params)
            scalars = {"loss": step.loss, "validation loss": loss, "passes": meter.passes, "flops": meter.flops}
            for name, value in {**scalars, **step.info}.items():
                text = isinstance(value, str)
                out[f"update {k} {name}"] = (value, 0, 0) if text else (float(value), operations, abs(float(value)))
    return out


def _chain(setup: Setup, passes: float) -> float:
    """Rounded operations that wait for one another: each pass goes through L steps, each step sums H + X + 1 products,
    and a gradient sums over the steps of B sequences."""
    model, steps = setup.model, setup.task.steps(setup.spec.lag)
    return passes * steps * (model.cell.hidden + model.n_inputs + 1 + VALIDATION)


def _solving(features: Tensor) -> float:
    """Rounded operations of a ridge readout: the sums over n rows and the solution for F features, [n, F].

    A variance that is the difference of two sums loses mean^2 / variance, which counts as that number of extra operations.
    """
    mean, variance = features.mean(0), (features - features.mean(0)).square().mean(0)
    varying = variance > ROUNDED_AWAY * mean.square()  # a constant feature has no variance to lose
    lost = float((mean.square() / variance)[varying].amax()) if varying.any() else 0.0
    return (1 + lost) * sum(features.shape)


def _tensors(stage: str, tensors: tree.Params, operations: float) -> Iterator[tuple[str, tuple[float, float, float]]]:
    """Norm, and inner product with a fixed unit vector, of each tensor."""
    for name, tensor in tensors.items():
        vector = tensor.double().flatten().numpy()
        norm = float(np.linalg.norm(vector))
        yield f"{stage} {name} norm", (norm, operations, norm)
        yield f"{stage} {name} dot", (float(vector @ probe(len(vector))) if len(vector) else 0.0, operations, norm)


def _start(setup: Setup) -> dict[str, Tensor]:
    """The start of the engine before it is rounded to float32."""
    shapes, run = setup.model.shapes(), setup.spec
    drawn = setup.parts.init.draw(stream(SEED, run.task, run.lag, INIT), shapes)
    drawn["b_y"] = drawn["b_y"] + np.asarray(setup.parts.centring.outputs)
    return {name: torch.tensor(drawn[name][None], dtype=torch.float64) for name in shapes}


@dataclass
class _Draws:
    """Fresh data in float64, in the engine's streams."""

    setup: Setup
    meter: Meter
    noise: np.random.Generator | None
    drawn: int = 0
    largest: int = 1

    def __call__(self, n: int, purpose: str = "train") -> Any:
        self.drawn += 1
        batch = Data(self.setup, (SEED,)).batch(purpose, self.drawn, n)
        self.largest = max(self.largest, len(batch))
        x, y = (a.double() if a.is_floating_point() else a for a in (batch.x, batch.y))
        objective = Objective(self.setup.model, self.setup.loss, Tensors(x, batch.start, y), self.meter)
        return objective if self.noise is None else _Noisy(objective, self.noise)


@dataclass
class _Noisy:
    """An oracle whose every answer has a relative error of NOISE."""

    objective: Objective
    noise: np.random.Generator

    def value(self, params: tree.Params) -> Tensor:
        return _relative(self.objective.value(params), self.noise)

    def value_and_grad(self, params: tree.Params) -> tuple[Tensor, dict[str, Tensor]]:
        loss, gradient = self.objective.value_and_grad(params)
        return _relative(loss, self.noise), tree.map_(lambda g: _of_norm(g, self.noise), gradient)

    def regularised(self, params: tree.Params, term: Any) -> tuple[Tensor, dict[str, Tensor]]:
        loss, gradient = self.objective.regularised(params, term)
        return _relative(loss, self.noise), tree.map_(lambda g: _of_norm(g, self.noise), gradient)

    def gauss_newton(self, params: tree.Params, structural: float = 0.0) -> Any:
        product = self.objective.gauss_newton(params, structural)
        return lambda v: tree.map_(lambda a: _of_norm(a, self.noise), product(v))

    def features(self, params: tree.Params) -> tuple[Tensor, Tensor]:
        phi, y = self.objective.features(params)
        return _relative(phi, self.noise), y

    def head(self, n: int) -> _Noisy:
        return _Noisy(self.objective.head(n), self.noise)

    def charge_flops(self, flops: float) -> None:
        self.objective.charge_flops(flops)

    def __len__(self) -> int:
        return len(self.objective)


def _relative(tensor: Tensor, noise: np.random.Generator | None) -> Tensor:
    """Every entry moved by NOISE of itself."""
    return tensor if noise is None else tensor * (1 + NOISE * torch.tensor(noise.standard_normal(tensor.shape)))


def _of_norm(tensor: Tensor, noise: np.random.Generator) -> Tensor:
    """Every entry moved by NOISE of a typical one."""
    typical = tensor.square().mean().sqrt() if tensor.numel() else 0.0
    return tensor + NOISE * typical * torch.tensor(noise.standard_normal(tensor.shape))
