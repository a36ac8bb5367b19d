"""Claim 9: Hessian-Free finds directions of small gradient and even smaller curvature.

A plain net with HF's own start goes down by gradient descent to the plateau of a long-lag task. From its gradient
Lanczos' recurrence builds an orthonormal basis of the space that conjugate gradients search, and in it the directions
u_i of the Gauss-Newton matrix G (Ritz vectors): curvature theta_i = u_i'G u_i, gradient gamma_i = g'u_i, and what one
step of each method moves along them. Beside it, unjudged, the plateau of a net with the control's Gaussian start, whose
gradients across the lag have vanished: what is not in the gradient no second-order step finds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from longlag.algebra import tree
from longlag.algebra.tree import Params
from longlag.lecture.base import Claim, Exercise, Finding, over_seeds, verdict
from longlag.lecture.tools.pupils import Pupil, pupil
from longlag.objective import Objective

_TASK, _LAG, _DESCENT, _SECOND = "temporal_order", 50, "esn_init", "hf"
_VANISHED = "control"
_SMALL = 0.1  # an order of magnitude
_RATES = np.geomspace(1e-3, 1e3, 25)
_PLATEAU = 0.05  # of the loss of a constant answer

CLAIM = Claim(
    number=9,
    slug="hf_directions",
    title="Hessian-Free: small gradient, even smaller curvature",
    sentence="On a plateau there are directions of small gradient and even smaller curvature: gradient descent ignores "
    "them, Hessian-Free detects them and moves far.",
    quantity="gradient gamma and curvature theta along the Lanczos directions of the Gauss-Newton matrix of a net on "
    f"the plateau of {_TASK} at lag {_LAG}, the step along them, and the loss on fresh sequences after one step",
    threshold="Along a direction a second-order step moves gamma / theta and gradient descent, whose rate is bounded "
    "by 2 / theta_max, at most 2 gamma / theta_max (Nocedal & Wright 2006, section 3.3; Martens 2010, section 2). "
    "gamma / theta grows towards flat directions if and only if gamma falls more slowly than theta: an exponent "
    "d log gamma / d log theta below 1. Asked besides, on every seed: at least one direction whose gradient is ten "
    "times below the largest and whose gamma / theta is ten times that of the steepest direction; and one step of HF "
    "lowers the loss on fresh sequences by more than the best of 25 steps along the gradient.",
    exercise=Exercise(
        predict="Two directions: gradient 1 and curvature 10, gradient 0.01 and curvature 0.001. How far does each "
        "method move along both?",
        run="longlag lecture --claim hf_directions --out results/lecture",
        explain="The damping adds a number to every curvature. Which directions does that take from Hessian-Free?",
    ),
)


@dataclass(frozen=True)
class Directions:
    """Per direction, the most curved first: curvature, |gradient|, and |step| of HF and of the best gradient step."""

    curvature: np.ndarray
    gradient: np.ndarray
    second_order: np.ndarray
    descent: np.ndarray

    @property
    def exponent(self) -> float:
        """d log gamma / d log theta, by least squares over directions that rounding leaves."""
        seen = (self.curvature > 1e-10 * self.curvature[0]) & (self.gradient > 1e-14 * self.gradient.max())
        slope, _ = np.polyfit(np.log(self.curvature[seen]), np.log(self.gradient[seen]), 1)
        return float(slope)

    @property
    def hidden(self) -> int:
        """Directions of small gradient and even smaller curvature."""
        ratio = self.gradient / np.maximum(self.curvature, 1e-300)
        small = self.gradient <= _SMALL * self.gradient.max()
        return int((small & (ratio * _SMALL >= ratio[0]) & (self.curvature > 0)).sum())


@dataclass(frozen=True)
class Plateau:
    """A stuck net's directions, its loss and the fall of the loss on fresh sequences by one step of each method."""

    directions: Directions
    loss: float
    chance: float
    fell_second: float
    fell_descent: float


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
    values, vectors = torch.linalg.eigh((projected + projected.T) / 2)
    return values.flip(0), (vectors.T @ q).flip(0)


def flat(params: Params) -> Tensor:
    """One replica's parameters as a vector [P], in the order of their names."""
    return torch.cat([params[name].flatten() for name in sorted(params)])


def unflat(vector: Tensor, like: Params) -> dict[str, Tensor]:
    """The inverse of `flat`."""
    names = sorted(like)
    pieces = vector.split([like[name].numel() for name in names])
    return {name: piece.reshape(like[name].shape) for name, piece in zip(names, pieces, strict=True)}


def stuck(student: Pupil, updates: int) -> dict[str, Tensor]:
    """The parameters after that many updates of gradient descent, in float64."""
    *_, last = islice(student.updates(), updates)
    return {name: value.double() for name, value in last.params.items()}


def best_descent(objective: Objective, params: Params, gradient: Params) -> dict[str, Tensor]:
    """The step -rate g whose rate, of 25 from 0.001 to 1000, lowers the loss of this batch most."""
    steps = [tree.scale(-float(rate), gradient) for rate in _RATES]
    losses = [float(objective.value(tree.add(params, step))) for step in steps]
    return steps[int(np.nanargmin(losses))]


def examined(method: str, seed: int, lag: int, updates: int, k: int, sequences: int) -> Plateau:
    """One net on its plateau, looked at along k directions."""
    student = pupil(method, _TASK, lag, seed)
    params = stuck(student, updates)
    second = pupil(_SECOND, _TASK, lag, seed).setup.parts.optimiser
    expert = Pupil(replace(student.setup, parts=replace(student.setup.parts, optimiser=second)), seed)
    batch = student.objective(student.batch(sequences, "directions"))
    with torch.no_grad():
        loss, gradient = batch.value_and_grad(params)
        product = batch.head(200).gauss_newton(params)
        g = flat(gradient)
        curvature, directions = lanczos(lambda v: flat(product(unflat(v, params))), g, k)
        steps = {
            "second": tree.axpy(-1, params, next(expert.updates(params)).params),
            "descent": best_descent(batch, params, gradient),
        }
        fresh = student.objective(student.batch(sequences, "directions", 1))
        before = float(fresh.value(params))
        fell = {name: before - float(fresh.value(tree.add(params, step))) for name, step in steps.items()}
    along = {name: (directions @ flat(step)).abs().numpy() for name, step in steps.items()}
    seen = Directions(curvature.numpy(), (directions @ g).abs().numpy(), along["second"], along["descent"])
    chance = student.setup.task.baselines["constant"].loss
    return Plateau(seen, float(loss), chance, fell["second"], fell["descent"])


def measure(seeds: Sequence[int], lag: int = _LAG, updates: int = 60, k: int = 30, sequences: int = 2000) -> Finding:
    """Two nets on their plateaus per seed."""
    here, vanished = (
        [examined(method, seed, lag, updates, k, sequences) for seed in seeds] for method in (_DESCENT, _VANISHED)
    )
    return found(here, vanished)


def found(plateaus: Sequence[Plateau], vanished: Sequence[Plateau]) -> Finding:
    """The verdict on what was seen."""
    seen = [plateau.directions for plateau in plateaus]
    ratios = [one.fell_second / max(one.fell_descent, 1e-12) for one in plateaus]
    farthest = [_farthest(one) for one in seen]
    numbers = [
        over_seeds("loss on the plateau, of a constant answer's", [one.loss / one.chance for one in plateaus]),
        over_seeds("exponent of gradient against curvature", [one.exponent for one in seen], below=1),
        over_seeds("directions of small gradient, even smaller curvature", [one.hidden for one in seen], at_least=1),
        over_seeds("HF's step over the gradient's, where they differ most", farthest, "times"),
        over_seeds("fall of the loss by one HF step", [one.fell_second for one in plateaus], "nats", above=0),
        over_seeds("over that by the best gradient step", ratios, "times", above=1),
    ]
    without = over_seeds(
        "the same from the control's start, gradients vanished", [one.fell_second for one in vanished], "nats"
    )
    numbers.append(without)
    off = sum(abs(one.loss / one.chance - 1) > _PLATEAU for one in plateaus)
    said = [f"{off} of {len(plateaus)} nets are more than 5 % of the loss off the plateau"] if off else []
    if blind := sum(one.hidden == 0 for one in seen):
        said.append(f"on {blind} of {len(seen)} the gradient is as small in steep directions as in flat ones")
    if worse := sum(ratio <= 1 for ratio in ratios):
        said.append(f"on {worse} of {len(seen)} one step of HF brings no more than the best gradient step")
    if without.value < _SMALL * numbers[4].value:
        said.append(
            f"from the control's start, where the gradient across the lag has vanished, a step of HF gains "
            f"{without.value:.1g} nats: it finds what is small, not what is gone"
        )
    caveat = "; ".join(said)
    summary = (
        f"Gradients fall like curvature^{numbers[1].value:.2f} along the Lanczos directions; {numbers[2].value:.0f} of "
        f"{len(seen[0].curvature)} have a small gradient and even smaller curvature. One step of HF lowers the loss by "
        f"{numbers[4].value:.2g} nats, {numbers[5].value:.2g} times the best gradient step."
    )
    series = {
        "seeds": len(plateaus),
        "curvature": [one.curvature for one in seen],
        "gradient": [one.gradient for one in seen],
        "second_order": [one.second_order for one in seen],
        "descent": [one.descent for one in seen],
        "vanished_curvature": [one.directions.curvature for one in vanished],
        "vanished_gradient": [one.directions.gradient for one in vanished],
        "fell_vanished": [one.fell_second for one in vanished],
        "fell_second": [one.fell_second for one in plateaus],
        "fell_descent": [one.fell_descent for one in plateaus],
    }
    return Finding(verdict(numbers, caveat), summary, numbers, caveat, series)


def _farthest(seen: Directions) -> float:
    """The largest ratio of the two steps over all directions that rounding leaves."""
    moved = seen.descent > 1e-14 * seen.descent.max()
    return float((seen.second_order[moved] / seen.descent[moved]).max())
