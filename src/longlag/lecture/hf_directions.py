"""Claim 9: Hessian-Free finds directions of small gradient and even smaller curvature.

A plain net with HF's own start goes down by gradient descent to the plateau of a long-lag task. From its gradient
Lanczos' recurrence builds an orthonormal basis of the space that conjugate gradients search. In this space the
directions u_i of the Gauss-Newton matrix G (Ritz vectors) have curvature theta_i = u_i'G u_i and gradient
gamma_i = g'u_i; one step of each method moves by some amount along them. Beside it, without a threshold: the plateau of
a net with the control's Gaussian start, whose gradients across the lag have vanished. What is not in the gradient no
second-order step finds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from longlag.algebra import tree
from longlag.algebra.tree import Params
from longlag.engine.data import Data
from longlag.lecture.base import Finding, caveats, claim, columns, conclude, over_seeds, values
from longlag.lecture.tools.trainee import trainee, with_parts
from longlag.objective import Objective

_TASK, _LAG, _DESCENT, _SECOND = "temporal_order", 50, "esn_init", "hf"
_VANISHED = "control"
_SMALL = 0.1  # an order of magnitude
_RATES = np.geomspace(1e-3, 1e3, 25)
_PLATEAU = 0.05  # of the loss of a constant answer
CLAIM = claim("hf_directions", task=_TASK, lag=_LAG)


@dataclass(frozen=True)
class Plateau:
    """A net that is stuck. Per direction, the most curved first: curvature, |gradient|, and |step| of HF and of the
    best gradient step. Its loss over that of a constant answer, and the fall of the loss on fresh sequences by each
    step."""

    curvature: np.ndarray
    gradient: np.ndarray
    second_order: np.ndarray
    descent: np.ndarray
    relative_loss: float
    fell_second: float
    fell_descent: float

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


def stuck(data: Data, updates: int) -> dict[str, Tensor]:
    """The parameters after that many updates of gradient descent, in float64."""
    *_, last = islice(data.updates(), updates)
    return {name: value.double() for name, value in last.params.items()}


def best_descent(objective: Objective, params: Params, gradient: Params) -> dict[str, Tensor]:
    """The step -rate g whose rate, of 25 from 0.001 to 1000, lowers the loss of this batch most."""
    steps = [tree.scale(-float(rate), gradient) for rate in _RATES]
    losses = [float(objective.value(tree.add(params, step))) for step in steps]
    return steps[int(np.nanargmin(losses))]


def examined(method: str, seed: int, lag: int, updates: int, k: int, sequences: int) -> Plateau:
    """One net on its plateau, measured along k directions."""
    data = trainee(method, _TASK, lag, seed)
    params = stuck(data, updates)
    by_hf = with_parts(data, optimiser=trainee(_SECOND, _TASK, lag, seed).setup.parts.optimiser)
    on_batch, on_fresh = (data.objective(data.batch("directions", place, sequences)) for place in (0, 1))
    with torch.no_grad():
        loss, gradient = on_batch.value_and_grad(params)
        product = on_batch.head(200).gauss_newton(params)
        g = flat(gradient)
        curvature, directions = lanczos(lambda v: flat(product(unflat(v, params))), g, k)
        second = tree.axpy(-1, params, next(by_hf.updates(params)).params)
        descent = best_descent(on_batch, params, gradient)
        before = float(on_fresh.value(params))
        fell = [before - float(on_fresh.value(tree.add(params, step))) for step in (second, descent)]
    slope, by_second, by_descent = ((directions @ flat(step)).abs().numpy() for step in (gradient, second, descent))
    relative_loss = float(loss) / data.setup.task.baselines["constant"].loss
    return Plateau(curvature.numpy(), slope, by_second, by_descent, relative_loss, *fell)


def measure(seeds: Sequence[int], lag: int = _LAG, updates: int = 60, k: int = 30, sequences: int = 2000) -> Finding:
    """Two nets on their plateaus per seed."""
    here, vanished = (
        [examined(method, seed, lag, updates, k, sequences) for seed in seeds] for method in (_DESCENT, _VANISHED)
    )
    return judge(here, vanished)


def judge(plateaus: Sequence[Plateau], vanished: Sequence[Plateau]) -> Finding:
    """The verdict on what was measured."""
    of = columns(plateaus)
    numbers = [
        over_seeds("loss on the plateau, of a constant answer's", of["relative_loss"]),
        over_seeds("exponent of gradient against curvature", [one.exponent for one in plateaus], below=1),
        over_seeds("directions of small gradient, even smaller curvature", [p.hidden for p in plateaus], at_least=1),
        over_seeds("HF's step over the gradient's, where they differ most", [p.farthest for p in plateaus], "times"),
        over_seeds("fall of the loss by one HF step", of["fell_second"], "nats", above=0),
        over_seeds("over that by the best gradient step", [one.gain for one in plateaus], "times", above=1),
        over_seeds("the same from the control's start, gradients vanished", [p.fell_second for p in vanished], "nats"),
    ]
    told, without = values(numbers, exponent=1, hidden=2, fall=4, gain=5), numbers[6].value
    series = {"seeds": len(plateaus), "vanished": columns(vanished), **of}
    counts = {
        "off": sum(abs(one.relative_loss - 1) > _PLATEAU for one in plateaus),
        "blind": sum(one.hidden == 0 for one in plateaus),
        "worse": sum(one.gain <= 1 for one in plateaus),
        "gone": without < _SMALL * told["fall"],
    }
    caveat = caveats(CLAIM.slug, counts, n=len(plateaus), without=without)
    return conclude(CLAIM, numbers, series, caveat, directions=len(of["curvature"][0]), **told)
