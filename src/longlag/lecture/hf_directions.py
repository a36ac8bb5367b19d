"""Claim 9: Hessian-Free finds directions of small gradient and even smaller curvature.

A plain net with HF's own start goes down by gradient descent to the plateau of a long-lag task. A net is on a plateau
if at two looks in a row, 20 updates apart, its loss is within 5 % of a constant answer's; the last such look counts.
From its gradient Lanczos' recurrence builds an orthonormal basis of the space that conjugate gradients search. In this
space the directions u_i of the Gauss-Newton matrix G (Ritz vectors) have curvature theta_i = u_i'G u_i and gradient
gamma_i = g'u_i; one step of each method moves by some amount along them. A step of HF costs as many sequence passes as
dozens of steps along the gradient. So its gain stands beside that of one gradient step and, for the same passes, beside
gradient descent and momentum at the better of two rates. Without a threshold stands the plateau of a net with the
control's Gaussian start, whose gradients across the lag have vanished. What is not in the gradient no second-order step
finds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from longlag.algebra import tree
from longlag.algebra.tree import Params
from longlag.directions import SMALL, are_hidden
from longlag.engine.data import Data, Draws, steps
from longlag.lecture.base import Finding, caveats, claim, columns, conclude, fill
from longlag.lecture.tools.numbers import joined, over_seeds, premise, values
from longlag.lecture.tools.trainee import esn_style, trainee, with_parts
from longlag.objective import Meter, Objective
from longlag.optimisers.clipping import ClipNorm
from longlag.optimisers.nesterov import Nesterov
from longlag.optimisers.schedules import Constant

_TASK, _LAG, _SECOND = "temporal_order", 50, "hf"
_RATES = np.geomspace(1e-3, 1e3, 25)
_PLATEAU = 0.05  # of the loss of a constant answer
_LOOKS = (0, 20, 40, 60)  # updates
# for the passes of one step of HF: the momentum, and the learning rates of which the better one counts
_RIVALS = {"descent": (0.0, (0.03, 0.1)), "momentum": (0.9, (0.003, 0.01))}
CLAIM = claim("hf_directions", task=_TASK, lag=_LAG)
_HIDDEN = "directions of small gradient, even smaller curvature"
_MEANS = {  # in plain words
    "falls": "the gradient falls more slowly than the curvature",
    "hidden": "some direction has a small gradient and an even smaller curvature",
    "lowers": "a step of Hessian-Free lowers the loss on fresh sequences",
    "beats": "a step of Hessian-Free lowers the loss more than the best gradient step",
}


@dataclass(frozen=True)
class Plateau:
    """A net that is stuck. Per direction, the most curved first: curvature, |gradient|, and |step| of HF and of the
    best gradient step. Its losses at the looks over that of a constant answer, and the fall of the loss on fresh
    sequences by each step; at_equal_passes: by each rival for the passes of HF's step."""

    curvature: np.ndarray
    gradient: np.ndarray
    second_order: np.ndarray
    descent: np.ndarray
    looks: list[float]
    fell_second: float
    fell_descent: float
    passes: float
    at_equal_passes: dict[str, float]

    @property
    def exponent(self) -> float:
        """d log gamma / d log theta, by least squares over directions that rounding leaves."""
        seen = (self.curvature > 1e-10 * self.curvature[0]) & (self.gradient > 1e-14 * self.gradient.max())
        slope, _ = np.polyfit(np.log(self.curvature[seen]), np.log(self.gradient[seen]), 1)
        return float(slope)

    @property
    def hidden(self) -> int:
        """Directions of small gradient and even smaller curvature."""
        return int(are_hidden(self.curvature, self.gradient).sum())

    @property
    def on(self) -> bool:
        """Were two looks in a row within 5 % of a constant answer's loss?"""
        return _last_plateau(self.looks) is not None

    @property
    def gain_per_pass(self) -> float:
        """How many times the fall by the best rival for the same passes the fall by HF's step is."""
        return self.fell_second / max(*self.at_equal_passes.values(), 1e-12)

    @property
    def gain(self) -> float:
        """How many times the fall by the best gradient step the fall by HF's step is."""
        return self.fell_second / max(self.fell_descent, 1e-12)

    @property
    def farthest(self) -> float:
        """The largest ratio of the two steps over all directions that rounding leaves."""
        moved = self.descent > 1e-14 * self.descent.max()
        return float((self.second_order[moved] / self.descent[moved]).max())


def lanczos(product: Callable[[Tensor], Tensor], start: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Ritz values [k] and vectors [k, P] of a symmetric operator on the Krylov space of `start` [P], the largest first.

    Every vector is orthogonalised twice against all before it; k < steps where the space is used up.
    """
    basis, images = [start / start.norm()], []
    for _ in range(steps):
        images.append(product(basis[-1]))
        q, residual = torch.stack(basis), images[-1]
        for _ in range(2):
            residual = residual - q.T @ (q @ residual)
        if residual.norm() <= 1e-12 * images[0].norm() or len(basis) == steps:
            break
        basis.append(residual / residual.norm())
    q = torch.stack(basis)
    projected = q @ torch.stack(images).T
    ritz, vectors = torch.linalg.eigh((projected + projected.T) / 2)
    return ritz.flip(0), (vectors.T @ q).flip(0)


def flat(params: Params) -> Tensor:
    """One replica's parameters as a vector [P], in the order of their names."""
    return torch.cat([params[name].flatten() for name in sorted(params)])


def unflat(vector: Tensor, like: Params) -> dict[str, Tensor]:
    """The inverse of `flat`."""
    names = sorted(like)
    pieces = vector.split([like[name].numel() for name in names])
    return {name: piece.reshape(like[name].shape) for name, piece in zip(names, pieces, strict=True)}


def _last_plateau(looks: Sequence[float]) -> int | None:
    """The last look that is within 5 % of a constant answer's loss, as the one before it is."""
    near = [abs(look - 1) <= _PLATEAU for look in looks]
    both = [place for place in range(1, len(near)) if near[place] and near[place - 1]]
    return both[-1] if both else None


def stuck(data: Data, looks: Sequence[int], loss: Callable[[Params], float]) -> tuple[dict[str, Tensor], list[float]]:
    """The parameters, in float64, at the last look on the plateau (or the last of all); and the loss at all looks."""
    trail = [data.start(), *(step.params for step in islice(data.updates(), max(looks)))]
    seen = [loss({name: value.double() for name, value in trail[look].items()}) for look in looks]
    place = _last_plateau(seen)
    chosen = trail[looks[-1 if place is None else place]]
    return {name: value.double() for name, value in chosen.items()}, seen


def rival(data: Data, params: Params, momentum: float, rate: float, passes: float) -> dict[str, Tensor]:
    """The parameters after clipped descent that has cost so many passes."""
    optimiser = Nesterov(Constant(rate), Constant(momentum), ClipNorm(1.0))
    each = 3 * optimiser.batch  # a gradient costs three passes a sequence
    *_, last = islice(with_parts(data, optimiser=optimiser).updates(dict(params)), max(1, round(passes / each)))
    return last.params


def best_descent(objective: Objective, params: Params, gradient: Params) -> dict[str, Tensor]:
    """The step -rate g whose rate, of 25 from 0.001 to 1000, lowers the loss of this batch most."""
    tried = [tree.scale(-float(rate), gradient) for rate in _RATES]
    losses = [float(objective.value(tree.add(params, step))) for step in tried]
    return tried[int(np.nanargmin(losses))]


def examined(
    data: Data, looks: Sequence[int], k: int, sequences: int, rivals: Mapping[str, tuple[float, tuple[float, ...]]]
) -> Plateau:
    """One net on its plateau, measured along k directions."""
    spec = data.setup.spec
    second_order = trainee(_SECOND, spec.task, spec.lag, data.seeds[0]).setup.parts.optimiser
    on_batch, on_fresh = (data.objective(data.batch("directions", place, sequences)) for place in (0, 1))
    constant = data.setup.task.baselines["constant"].loss
    with torch.no_grad():
        params, seen = stuck(data, looks, lambda at: float(on_batch.value(at)) / constant)
        _, gradient = on_batch.value_and_grad(params)
        product = on_batch.head(200).gauss_newton(params)
        g = flat(gradient)
        curvature, directions = lanczos(lambda v: flat(product(unflat(v, params))), g, k)
        meter = Meter.zero(1)
        stepped = next(steps(second_order, Draws(data, meter), params)).params
        second, passes = tree.axpy(-1, params, stepped), float(meter.passes[0])
        descent = best_descent(on_batch, params, gradient)
        before = float(on_fresh.value(params))
        fell = [before - float(on_fresh.value(tree.add(params, step))) for step in (second, descent)]
        equal = {}
        for name, (momentum, rates) in rivals.items():
            ends = [rival(data, params, momentum, rate, passes) for rate in rates]
            best = min(ends, key=lambda end: float(on_batch.value(end)))
            equal[name] = before - float(on_fresh.value(best))
    slope, by_second, by_descent = ((directions @ flat(step)).abs().numpy() for step in (gradient, second, descent))
    along = (curvature.numpy(), slope, by_second, by_descent)
    return Plateau(*along, looks=seen, fell_second=fell[0], fell_descent=fell[1], passes=passes, at_equal_passes=equal)


def measure(
    seeds: Sequence[int],
    lag: int = _LAG,
    looks: Sequence[int] = _LOOKS,
    k: int = 30,
    sequences: int = 2000,
    rivals: Mapping[str, tuple[float, tuple[float, ...]]] = _RIVALS,
) -> Finding:
    """Two nets on their plateaus per seed."""
    plain = Nesterov(Constant(3e-3), Constant(0.0), ClipNorm(1.0))
    careful = [esn_style(_TASK, lag, seed, optimiser=plain) for seed in seeds]
    vanished = [trainee("control", _TASK, lag, seed) for seed in seeds]
    here = [examined(data, looks, k, sequences, rivals) for data in careful]
    return judge(here, [examined(data, looks, k, sequences, {}) for data in vanished], seeds)


def judge(found: Sequence[Plateau], vanished: Sequence[Plateau], seeds: Sequence[int] = ()) -> Finding:
    """The verdict on what was measured."""
    on, off = "are on a plateau", "reached no plateau"
    plateaus, share, left = premise(found, lambda one: one.on, on, off, seeds)
    of = columns(plateaus)
    better = {name: [one.at_equal_passes[name] for one in plateaus] for name in _RIVALS}
    falls, hidden, lowers, beats = _MEANS.values()
    numbers = [
        share,
        over_seeds("loss on the plateau, of a constant answer's", [_where(one) for one in plateaus]),
        over_seeds("exponent of gradient against curvature", [p.exponent for p in plateaus], "", falls, below=1),
        over_seeds(_HIDDEN, [p.hidden for p in plateaus], "", hidden, at_least=1),
        over_seeds("HF's step over the gradient's, where they differ most", [p.farthest for p in plateaus], "times"),
        over_seeds("fall of the loss by one HF step", of.get("fell_second", []), "nats", lowers, above=0),
        over_seeds(
            "fall by one HF step / fall by the best gradient step",
            [one.gain for one in plateaus],
            "times",
            beats,
            above=1,
        ),
        over_seeds("passes that the HF step costs", of.get("passes", [])),
        over_seeds("fall by gradient descent for the same passes", better["descent"], "nats"),
        over_seeds("fall by momentum for the same passes", better["momentum"], "nats"),
        over_seeds("HF's fall over the better of the two", [one.gain_per_pass for one in plateaus], "times"),
        over_seeds("the same from the control's start, gradients vanished", [p.fell_second for p in vanished], "nats"),
    ]
    told = values(numbers, exponent=2, hidden=3, fall=5, gain=6, passes=7, equal=9)
    without = numbers[11].value
    series = {"seeds": len(found), "vanished": columns(vanished), **of}
    counts = {
        "level": numbers[3].met is not True and abs(told["exponent"]) < 0.5,  # nearer to no fall than to curvature's
        "blind": sum(one.hidden == 0 for one in plateaus),
        "worse": sum(one.gain <= 1 for one in plateaus),
        "dear": sum(one.gain_per_pass <= 1 for one in plateaus),
        "gone": without < SMALL * told["fall"],
    }
    caveat = joined(left, caveats(CLAIM.slug, counts, n=len(plateaus), without=without, exponent=told["exponent"]))
    but = fill(CLAIM.slug, "but", n=len(plateaus), **counts) if counts["dear"] else ""
    directions = max((len(one.curvature) for one in plateaus), default=0)
    return conclude(CLAIM, numbers, series, caveat, but, directions=directions, **told)


def _where(one: Plateau) -> float:
    """The loss at the look that counts, over a constant answer's."""
    place = _last_plateau(one.looks)
    return one.looks[-1 if place is None else place]
