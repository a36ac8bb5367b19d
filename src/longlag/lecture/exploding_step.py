"""Claim 5: one step along an exploding gradient wipes out what a net has learned; clipping keeps it.

A net learns temporal order by clipped gradient descent (the library's method `clipping`). Among the updates at which it
has learned most of the task, the one whose gradient asks for the longest step, measured by the way from the start to
where the net has come, is where its gradient explodes: chosen by the gradient, not by what follows. From there the net
goes on twice, on the same batches: clipped as before, and as plain gradient descent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from longlag.algebra import tree
from longlag.engine.spec import RunSpec, Setup, resolve
from longlag.lecture.base import Claim, Exercise, Finding, Number, over_seeds, verdict
from longlag.lecture.tools.logistic import AsLogistic, LogisticRNN
from longlag.lecture.tools.training import Learner, Params, norm, with_cell
from longlag.objective import Tensors
from longlag.optimisers.clipping import ClipNorm, NoClipping
from longlag.optimisers.sgd import SGD

TASK, LAG, HIDDEN, BATCH = "temporal_order", 20, 50, 20
UPDATES, BEFORE, AFTER, EVALUATED = 600, 40, 60, 500
_LONG = 0.25  # a step shorter than this share of the way is not worth an evaluation of the error
# by hand on tuning seeds; steepest descent in a logistic net's coordinates needs longer steps (tools/logistic.py)
_LOGISTIC = {"learning_rate": 2.0, "clipping": 0.3}

CLAIM = Claim(
    number=5,
    slug="exploding_step",
    title="Exploding gradients wipe out your knowledge",
    sentence="A gradient that explodes makes one huge step, which wipes out what the net has learned; clipping its "
    "norm "
    "keeps it.",
    quantity=f"the share of its knowledge that a net of {HIDDEN} units loses in the step on which its gradient "
    "explodes, "
    f"with and without clipping; knowledge: sequences of temporal order (T = {LAG}) it gets right beyond the constant "
    "answer's 25 %",
    threshold="At every seed the plain step loses at least half of the knowledge and the clipped step, from the same "
    "net on the same batch, at most half: half is the middle between knowing what it knew and chance. Clipping "
    "bounds the step by learning rate × threshold (Pascanu, Mikolov & Bengio 2013, section 3.2); a step η‖g‖ beyond "
    "‖θ − θ₀‖, the whole way from the start, can undo all learning. The exploding step is the longest one by that "
    f"measure among the first {UPDATES} updates, of those at which more than half of the constant answer's errors "
    "are gone.",
    exercise=Exercise(
        predict="After the exploding step the net goes on learning at the same rate without clipping. Does it recover?",
        run="`longlag lecture --claim exploding_step --seeds 5:10 --out results/lecture`",
        explain="Clipping changes a gradient's length, not its direction. Why is that enough here, and why does it not "
        "help against vanishing?",
    ),
)


@dataclass(frozen=True)
class Explosion:
    """One seed's exploding step. Errors are shares of sequences wrong; courses are those of the updates around it.

    step: number of the update. size: norm of the gradient; usual: mean norm before. length: step over the way so far.
    """

    step: int
    size: float
    usual: float
    length: float
    before: float
    plain: float
    clipped: float
    errors: dict[str, list[float]]  # "before" up to the step; "plain" and "clipped" after it
    norms: dict[str, list[float]]  # of gradients: "before" up to the step; "plain" and "clipped" from it on


def setups() -> dict[str, Setup]:
    """What is trained, by unit."""
    tanh = resolve(RunSpec(TASK, LAG, "clipping", (), overrides={"cell.hidden": HIDDEN, "optimiser.batch": BATCH}))
    logistic = with_cell(tanh, LogisticRNN(HIDDEN), AsLogistic(tanh.parts.init))
    rate, clipping = _LOGISTIC["learning_rate"], ClipNorm(_LOGISTIC["clipping"])
    return {
        "logistic": replace(logistic, parts=replace(logistic.parts, optimiser=SGD(rate, clipping, BATCH))),
        "tanh": tanh,
    }


def measure(seeds: Sequence[int]) -> Finding:
    """Trains a logistic and a tanh net per seed."""
    with torch.no_grad():
        found = {unit: [explode(setup, seed) for seed in seeds] for unit, setup in setups().items()}
    return judge(found, resolve(RunSpec(TASK, LAG, "clipping", ())).task.baselines["constant"].error)


@dataclass(frozen=True)
class _Moment:
    """A net at one of its updates; past: the parameters of the updates before it."""

    step: int
    size: float
    length: float
    params: Params
    past: list[Params]


def explode(setup: Setup, seed: int) -> Explosion | None:
    """Trains one seed and finds its exploding step; None if it never had learned enough."""
    learner = Learner(setup, seed, CLAIM.slug)
    data, knowing = learner.batch(0, EVALUATED, "validation"), setup.task.baselines["constant"].error / 2
    optimiser = setup.parts.optimiser
    assert isinstance(optimiser, SGD)
    start = params = learner.start()
    past: deque[Params] = deque(maxlen=BEFORE)
    sizes: list[float] = []
    worst: _Moment | None = None
    for k in range(UPDATES):
        _, gradient = learner.objective(k, optimiser.batch).value_and_grad(params)
        sizes.append(norm(gradient))
        way = norm(tree.axpy(-1.0, start, params))
        length = optimiser.learning_rate * sizes[-1] / way if way > 0 else 0.0
        long = length > max(_LONG, worst.length if worst else 0.0)
        if long and learner.error(params, data) < knowing:
            worst = _Moment(k, sizes[-1], length, params, list(past))
        past.append(params)
        params = tree.axpy(-optimiser.learning_rate, optimiser.clipping(gradient), params)
    return _aftermath(learner, optimiser, worst, sizes, data) if worst else None


def _aftermath(learner: Learner, optimiser: SGD, at: _Moment, sizes: list[float], data: Tensors) -> Explosion:
    """Goes on from the exploding step in two ways."""
    errors = {"before": [learner.error(params, data) for params in [*at.past, at.params]]}
    norms = {"before": sizes[at.step - len(at.past) : at.step]}
    for way, sgd in (("plain", replace(optimiser, clipping=NoClipping())), ("clipped", optimiser)):
        params, errors[way], norms[way] = at.params, [], []
        for k in range(at.step, at.step + AFTER):
            _, gradient = learner.objective(k, sgd.batch).value_and_grad(params)
            params = tree.axpy(-sgd.learning_rate, sgd.clipping(gradient), params)
            errors[way].append(learner.error(params, data))
            norms[way].append(norm(gradient))
    usual = float(np.mean(sizes[: at.step] or [np.nan]))
    after = (errors["plain"][0], errors["clipped"][0])
    return Explosion(at.step, at.size, usual, at.length, errors["before"][-1], *after, errors, norms)


def judge(found: dict[str, list[Explosion | None]], chance: float) -> Finding:
    """The verdict on what was measured; chance: share of sequences that the constant answer gets wrong."""
    numbers: list[Number] = []
    unlearned = 0
    for unit, each in found.items():
        learned = [explosion for explosion in each if explosion is not None]
        unlearned += len(each) - len(learned)
        lost = {way: [_lost(e, getattr(e, way), chance) for e in learned] or [np.nan] for way in ("plain", "clipped")}
        numbers += [
            over_seeds(f"{unit}: knowledge lost in the step, no clipping", lost["plain"], "of it", at_least=0.5),
            over_seeds(f"{unit}: knowledge lost in the step, clipped", lost["clipped"], "of it", at_most=0.5),
            over_seeds(
                f"{unit}: gradient over the mean of those before", [e.size / e.usual for e in learned] or [np.nan]
            ),
            over_seeds(f"{unit}: step over the way so far", [e.length for e in learned] or [np.nan]),
            over_seeds(f"{unit}: wrong before the step", [e.before for e in learned] or [np.nan], "of sequences"),
            over_seeds(f"{unit}: wrong after it, no clipping", [e.plain for e in learned] or [np.nan], "of sequences"),
            over_seeds(f"{unit}: wrong after it, clipped", [e.clipped for e in learned] or [np.nan], "of sequences"),
        ]
    nets = sum(map(len, found.values()))
    caveat = f"{unlearned} of {nets} nets have no exploding step after learning, and are left out" if unlearned else ""
    words = "; ".join(
        f"{unit}: {a.value:.0%} wrong before, {b.value:.0%} after the plain step, {c.value:.0%} after the clipped one"
        for unit, (a, b, c) in zip(found, (numbers[7 * i + 4 : 7 * i + 7] for i in range(len(found))), strict=True)
    )
    return Finding(verdict(numbers, caveat), f"Median seed, {words}.", numbers, caveat, _series(found, chance))


def _lost(explosion: Explosion, after: float, chance: float) -> float:
    return (after - explosion.before) / (chance - explosion.before)


def _series(found: dict[str, list[Explosion | None]], chance: float) -> dict[str, Any]:
    units = {
        unit: [{"step": e.step, "errors": e.errors, "norms": e.norms} for e in each if e is not None]
        for unit, each in found.items()
    }
    return {"seeds": len(next(iter(found.values()))), "chance": chance, "task": TASK, "lag": LAG, **units}
