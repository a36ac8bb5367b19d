"""Claim 5: one step along an exploding gradient wipes out what a net has learned; clipping keeps it.

A net learns temporal order by clipped gradient descent (the library's method `clipping`). Consider the updates at which
it has learned most of the task. The gradient of one of them asks for the longest step, measured by the way from the
start to the present net. This is where the gradient explodes: chosen by the gradient, not by what follows. From there
the net continues in two ways, on the same batches: clipped as before, and as plain gradient descent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from longlag.algebra import tree
from longlag.algebra.tree import Params
from longlag.cells.base import complete
from longlag.engine.data import Data
from longlag.engine.spec import RunSpec, Setup, resolve
from longlag.lecture.base import Finding, Number, claim, columns, conclude, fill, over_seeds
from longlag.lecture.tools.logistic import AsLogistic, LogisticRNN
from longlag.lecture.tools.trainee import wrong
from longlag.objective import Objective, Tensors
from longlag.optimisers.clipping import ClipNorm, NoClipping
from longlag.optimisers.sgd import SGD

TASK, LAG, HIDDEN, BATCH = "temporal_order", 20, 50, 20
UPDATES, BEFORE, AFTER, EVALUATED = 600, 40, 60, 500
_LONG = 0.25  # a step shorter than this share of the way is not worth an evaluation of the error
# by hand on tuning seeds; steepest descent in a logistic net's coordinates needs longer steps (tools/logistic.py)
_LOGISTIC = {"learning_rate": 2.0, "clipping": 0.3}
CLAIM = claim("exploding_step", units=HIDDEN, task=TASK, lag=LAG, updates=UPDATES)


@dataclass(frozen=True)
class Explosion:
    """One seed's exploding step. Errors are shares of sequences wrong; courses are those of the updates around it.

    step: number of the update. size: norm of the gradient; usual: mean norm before. length: step over the way so far.
    """

    step: int
    size: float
    usual: float
    length: float
    errors: dict[str, list[float]]  # "before" up to the step; "plain" and "clipped" after it
    norms: dict[str, list[float]]  # of gradients: "before" up to the step; "plain" and "clipped" from it on

    @property
    def before(self) -> float:
        """The error before the step."""
        return self.errors["before"][-1]

    def after(self, way: str) -> float:
        """The error after the step, "plain" or "clipped"."""
        return self.errors[way][0]

    def lost(self, way: str, chance: float) -> float:
        """The share of the knowledge beyond chance that the step loses."""
        return (self.after(way) - self.before) / (chance - self.before)


def setups() -> dict[str, Setup]:
    """What is trained, by unit."""
    tanh = resolve(RunSpec(TASK, LAG, "clipping", (), overrides={"cell.hidden": HIDDEN, "optimiser.batch": BATCH}))
    optimiser = SGD(_LOGISTIC["learning_rate"], ClipNorm(_LOGISTIC["clipping"]), BATCH)
    cell, init = LogisticRNN(HIDDEN), AsLogistic(tanh.parts.init)
    parts = replace(tanh.parts, cell=cell, init=init, optimiser=optimiser)
    return {"logistic": replace(tanh, parts=parts, model=replace(tanh.model, cell=complete(cell))), "tanh": tanh}


def measure(seeds: Sequence[int]) -> Finding:
    """Trains a logistic and a tanh net per seed."""
    with torch.no_grad():
        found = {unit: [explode(Data(setup, (seed,))) for seed in seeds] for unit, setup in setups().items()}
    return judge(found, setups()["tanh"].task.baselines["constant"].error)


def batch(data: Data, k: int, n: int, purpose: str = "train") -> Tensors:
    """The k-th batch of the claim's own streams."""
    return data.batch(f"lecture {CLAIM.slug} {purpose}", k, n)


def objective(data: Data, k: int) -> Objective:
    """The loss on the k-th training batch."""
    return data.objective(batch(data, k, _optimiser(data).batch))


def _optimiser(data: Data) -> SGD:
    optimiser = data.setup.parts.optimiser
    assert isinstance(optimiser, SGD)
    return optimiser


def explode(data: Data) -> Explosion | None:
    """Trains one seed and finds its exploding step; None if it never had learned enough."""
    evaluated = batch(data, 0, EVALUATED, "validation")
    knowing = data.setup.task.baselines["constant"].error / 2
    optimiser = _optimiser(data)
    trail: list[Params] = [data.start()]  # parameters before every update
    sizes: list[float] = []
    worst, longest = None, _LONG
    for k in range(UPDATES):
        _, gradient = objective(data, k).value_and_grad(trail[k])
        sizes.append(_norm(gradient))
        way = _norm(tree.axpy(-1.0, trail[0], trail[k]))
        length = optimiser.learning_rate * sizes[k] / way if way > 0 else 0.0
        if length > longest and wrong(data, trail[k], evaluated) < knowing:
            worst, longest = k, length
        trail.append(tree.axpy(-optimiser.learning_rate, optimiser.clipping(gradient), trail[k]))
    return None if worst is None else _aftermath(data, evaluated, longest, trail[: worst + 1], sizes[: worst + 1])


def _aftermath(data: Data, evaluated: Tensors, length: float, trail: list[Params], sizes: list[float]) -> Explosion:
    """Continues in two ways from the exploding step, the last of the trail."""
    optimiser, step = _optimiser(data), len(trail) - 1
    errors = {"before": [wrong(data, params, evaluated) for params in trail[-1 - BEFORE :]]}
    norms = {"before": sizes[-1 - BEFORE : -1]}
    for way, clipping in (("plain", NoClipping()), ("clipped", optimiser.clipping)):
        params, errors[way], norms[way] = trail[-1], [], []
        for k in range(step, step + AFTER):
            _, gradient = objective(data, k).value_and_grad(params)
            params = tree.axpy(-optimiser.learning_rate, clipping(gradient), params)
            errors[way].append(wrong(data, params, evaluated))
            norms[way].append(_norm(gradient))
    usual = float(np.mean(sizes[:-1] or [np.nan]))
    return Explosion(step, sizes[-1], usual, length, errors, norms)


def _norm(params: Params) -> float:
    """Euclidean norm of one replica."""
    return float(tree.norm(params)[0])


def judge(found: dict[str, list[Explosion | None]], chance: float) -> Finding:
    """The verdict on what was measured; chance: share of sequences that the constant answer gets wrong."""
    learned = {unit: [explosion for explosion in each if explosion] for unit, each in found.items()}
    numbers = {unit: _numbers(unit, each, chance) for unit, each in learned.items()}
    nets = sum(map(len, found.values()))
    unlearned = nets - sum(map(len, learned.values()))
    caveat = fill(CLAIM.slug, "caveat", unlearned=unlearned, nets=nets) if unlearned else ""
    parts = [
        fill(CLAIM.slug, "part", unit=unit, before=before.value, plain=plain.value, clipped=clipped.value)
        for unit, (*_, before, plain, clipped) in numbers.items()
    ]
    every = [number for each in numbers.values() for number in each]
    seeds, units = len(next(iter(found.values()))), {unit: columns(each) for unit, each in learned.items()}
    series = {"seeds": seeds, "chance": chance, "task": TASK, "lag": LAG, **units}
    return conclude(CLAIM, every, series, caveat, parts="; ".join(parts))


def _numbers(unit: str, learned: Sequence[Explosion], chance: float) -> list[Number]:
    """The numbers of one unit; where no net has learned, the thresholds are missed."""
    lost = {way: [e.lost(way, chance) for e in learned] for way in ("plain", "clipped")}
    after = {way: [e.after(way) for e in learned] for way in ("plain", "clipped")}
    return [
        over_seeds(f"{unit}: knowledge lost in the step, no clipping", lost["plain"], "of it", at_least=0.5),
        over_seeds(f"{unit}: knowledge lost in the step, clipped", lost["clipped"], "of it", at_most=0.5),
        over_seeds(f"{unit}: gradient over the mean of those before", [e.size / e.usual for e in learned]),
        over_seeds(f"{unit}: step over the way so far", [e.length for e in learned]),
        over_seeds(f"{unit}: wrong before the step", [e.before for e in learned], "of sequences"),
        over_seeds(f"{unit}: wrong after it, no clipping", after["plain"], "of sequences"),
        over_seeds(f"{unit}: wrong after it, clipped", after["clipped"], "of sequences"),
    ]
