"""Claim 5: one step along an exploding gradient wipes out what a net has learned; clipping keeps it.

A net learns temporal order by plain gradient descent, at a rate with which plain gradient descent learns it: the
largest of five rates that solves the task on most of three tuning seeds. Consider the updates at which it has learned
most of the task. The gradient of one of them asks for the longest step, measured by the way from the start to the
present net. This is where the gradient explodes: chosen by the gradient, not by what follows. From there the net
continues in two ways, at the same rate and on the same batches: as before, and with the gradient's norm clipped. The
same two steps are also taken at smaller and larger rates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from longlag.algebra import tree
from longlag.algebra.tree import Params
from longlag.cells.base import complete
from longlag.engine.data import Data
from longlag.engine.spec import RunSpec, Setup, resolve
from longlag.lecture.base import Finding, claim, columns, conclude, fill
from longlag.lecture.tools.logistic import AsLogistic, LogisticRNN
from longlag.lecture.tools.numbers import Number, joined, over_seeds, premise, values
from longlag.lecture.tools.trainee import wrong
from longlag.objective import Objective, Tensors
from longlag.optimisers.clipping import ClipNorm, Clipping, NoClipping
from longlag.optimisers.sgd import SGD

TASK, LAG, HIDDEN, BATCH = "temporal_order", 20, 50, 20
UPDATES, BEFORE, AFTER, EVALUATED = 1500, 40, 60, 500
_LONG = 0.1  # a step shorter than this share of the way is not worth an evaluation of the error
RATES = {"tanh": (0.0132, 0.0316, 0.075, 0.178, 0.42), "logistic": (0.075, 0.178, 0.42, 1.0, 2.4)}
# the largest of them with which plain gradient descent gets at most 1 % wrong within UPDATES on most of the tuning
# seeds 1,000,000 to 1,000,002: tanh 3, 3, 2, 0, 0 of 3 and logistic 3, 3, 3, 2, 0 of 3, in the order of the rates
LEARNS = {"tanh": 0.075, "logistic": 1.0}
# a gradient of 1, the library's threshold; of four times the weights, as a logistic net has them, it is a quarter
THRESHOLD = {"tanh": 1.0, "logistic": 0.25}
CLAIM = claim("exploding_step", units=HIDDEN, task=TASK, lag=LAG, updates=UPDATES, **LEARNS)


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
    by_rate: dict[str, list[float]]  # errors after the step alone, "plain" and "clipped", at each of the unit's rates

    @property
    def before(self) -> float:
        """The error before the step."""
        return self.errors["before"][-1]

    def after(self, way: str) -> float:
        """The error after the step, "plain" or "clipped"."""
        return self.errors[way][0]

    @property
    def again(self) -> bool:
        """Whether the net is as good as before the step at any of the updates that follow without clipping."""
        return min(self.errors["plain"]) <= self.before

    def lost(self, after: float, chance: float) -> float:
        """The share of the knowledge beyond chance that is lost where that error is left."""
        return (after - self.before) / (chance - self.before)


def setups() -> dict[str, Setup]:
    """What is trained, by unit."""
    tanh = resolve(RunSpec(TASK, LAG, "control", (), overrides={"cell.hidden": HIDDEN}))
    tanh = replace(tanh, parts=replace(tanh.parts, optimiser=SGD(LEARNS["tanh"], NoClipping(), BATCH)))
    optimiser, cell = SGD(LEARNS["logistic"], NoClipping(), BATCH), LogisticRNN(HIDDEN)
    parts = replace(tanh.parts, cell=cell, init=AsLogistic(tanh.parts.init), optimiser=optimiser)
    return {"logistic": replace(tanh, parts=parts, model=replace(tanh.model, cell=complete(cell))), "tanh": tanh}


def measure(seeds: Sequence[int]) -> Finding:
    """Trains a logistic and a tanh net per seed."""
    with torch.no_grad():
        found = {unit: [explode(Data(setup, (seed,)), unit) for seed in seeds] for unit, setup in setups().items()}
    return judge(found, setups()["tanh"].task.baselines["constant"].error, seeds)


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


def explode(data: Data, unit: str) -> Explosion | None:
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
        trail.append(tree.axpy(-optimiser.learning_rate, gradient, trail[k]))
    return None if worst is None else _aftermath(data, unit, evaluated, longest, trail[: worst + 1], sizes[: worst + 1])


def _aftermath(
    data: Data, unit: str, evaluated: Tensors, length: float, trail: list[Params], sizes: list[float]
) -> Explosion:
    """Continues in two ways from the exploding step, the last of the trail."""
    rate, step = _optimiser(data).learning_rate, len(trail) - 1
    errors = {"before": [wrong(data, params, evaluated) for params in trail[-1 - BEFORE :]]}
    norms, by_rate = {"before": sizes[-1 - BEFORE : -1]}, {}
    ways: dict[str, Clipping] = {"plain": NoClipping(), "clipped": ClipNorm(THRESHOLD[unit])}
    for way, clipping in ways.items():
        params, errors[way], norms[way] = trail[-1], [], []
        _, gradient = objective(data, step).value_and_grad(params)
        steps = [tree.axpy(-other, clipping(gradient), params) for other in RATES[unit]]
        by_rate[way] = [wrong(data, one, evaluated) for one in steps]
        for k in range(step, step + AFTER):
            _, gradient = objective(data, k).value_and_grad(params)
            params = tree.axpy(-rate, clipping(gradient), params)
            errors[way].append(wrong(data, params, evaluated))
            norms[way].append(_norm(gradient))
    usual = float(np.mean(sizes[:-1] or [np.nan]))
    return Explosion(step, sizes[-1], usual, length, errors, norms, by_rate)


def _norm(params: Params) -> float:
    """Euclidean norm of one replica."""
    return float(tree.norm(params)[0])


def judge(found: dict[str, list[Explosion | None]], chance: float, seeds: Sequence[int] = ()) -> Finding:
    """The verdict on what was measured; chance: share of sequences that the constant answer gets wrong."""
    on, off = "have an exploding step after learning", "have no exploding step after learning"
    judged = {unit: premise(each, bool, on, off, seeds, f"{unit} units") for unit, each in found.items()}
    learned = {unit: [explosion for explosion in each if explosion] for unit, (each, _, _) in judged.items()}
    numbers = {unit: [*_numbers(unit, each, chance), judged[unit][1]] for unit, each in learned.items()}
    parts, told_of = [], {}
    for unit, each in numbers.items():
        told = values(each, plain=0, clipped=1, slow=2, slow_clipped=3, before=6)
        told_of[unit] = told
        parts.append(fill(CLAIM.slug, "part", unit=unit, rate=LEARNS[unit], slowest=RATES[unit][0], **told))
    every = [number for each in numbers.values() for number in each]
    units = {
        unit: {**columns(each), "rates": RATES[unit], "trained_at": LEARNS[unit]} for unit, each in learned.items()
    }
    series = {"seeds": len(next(iter(found.values()))), "chance": chance, "task": TASK, "lag": LAG, **units}
    caveat = joined(*(said for _, _, said in judged.values()))
    plain, clipped = (amounts({unit: told[way] for unit, told in told_of.items()}) for way in ("plain", "clipped"))
    nets = [one for each in learned.values() for one in each]
    again = f"{sum(one.again for one in nets)} of {len(nets)}"
    return conclude(
        CLAIM, every, series, caveat, parts="; ".join(parts), plain=plain, clipped=clipped, again=again, updates=AFTER
    )


def amounts(shares: Mapping[str, float]) -> str:
    """How much of the knowledge that is, unit by unit; a net that lost all of it may answer worse than a constant."""
    said = {unit: "nothing" if x <= 0 else "all" if x >= 1 else f"{x:.0%}" for unit, x in shares.items()}
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    return " or ".join(f"{amount} ({unit})" for unit, amount in said.items())


def _numbers(unit: str, learned: Sequence[Explosion], chance: float) -> list[Number]:
    """The numbers of one unit."""

    def lost(words: str, afters: Sequence[float], means: str = "", **bound: float) -> Number:
        shares = [one.lost(after, chance) for one, after in zip(learned, afters, strict=True)]
        means = means and f"{means} at least half of what a {unit} net knows"
        return over_seeds(f"{unit}: knowledge lost in the step, {words}", shares, "of what it knew", means, **bound)

    after = {way: [one.after(way) for one in learned] for way in ("plain", "clipped")}
    slowest = {way: [one.by_rate[way][0] for one in learned] for way in after}
    return [
        lost("no clipping", after["plain"], "the unclipped step wipes out", at_least=0.5),
        lost("clipped", after["clipped"], "the clipped step keeps", at_most=0.5),
        lost(f"no clipping, at the rate {RATES[unit][0]:g}", slowest["plain"]),
        lost(f"clipped, at the rate {RATES[unit][0]:g}", slowest["clipped"]),
        over_seeds(f"{unit}: gradient over the mean of those before", [e.size / e.usual for e in learned]),
        over_seeds(f"{unit}: step over the way so far", [e.length for e in learned]),
        over_seeds(f"{unit}: wrong before the step", [e.before for e in learned], "of sequences"),
        over_seeds(f"{unit}: wrong after it, no clipping", after["plain"], "of sequences"),
        over_seeds(f"{unit}: wrong after it, clipped", after["clipped"], "of sequences"),
    ]
