"""Ridge regression of a readout: the only thing that an echo state network learns (Jaeger 2001; Lukosevicius 2012).

Features are standardised, (Z'Z/n + penalty I) w = Z'y/n. Sums are taken in float64 as sequences stream by, so that
memory is O(F^2) whatever their number, and about a shift: states of a slow reservoir vary by 1e-5 of their mean, and
the mean of squares less the square of the mean would lose all digits. The system is solved by its eigenvalues. A
penalty of zero is least squares, without the directions that rounding made: of least norm where features are dependent.
The penalty is the one with the least error on sequences held out, each candidate rounded to the parameters' precision
and applied as the model applies it. One step adds one batch of sequences and solves again: the axis of learning is the
size of the training set.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Protocol

import torch
from torch import Tensor

from longlag.algebra.products import affine
from longlag.algebra.tree import Params
from longlag.objective import FeatureOracle
from longlag.optimisers.base import Draw, Step
from longlag.ranges import COUNT, NON_NEGATIVE, part


@dataclass(frozen=True)
class Moments:
    """Sums over n scored steps of v = [features, targets] - shift, float64.

    n: the steps, or the sum of their weights. shift: about the mean of the first batch, [F + O]. total: of v, [F + O].
    products: of v_i v_j, [F, F + O].
    """

    n: float
    shift: Tensor
    total: Tensor
    products: Tensor

    def add(self, rows: Tensor, weights: Tensor | None = None) -> Moments:
        """The sums with rows [n, F + O] added; a row of weight 2 counts as two. weights: [n], None: 1 each."""
        shift = self.shift if self.n else rows[0] + (rows - rows[0]).mean(0)  # of a constant: exactly that constant
        v = rows - shift
        weighed = v if weights is None else weights.unsqueeze(1) * v
        n = len(rows) if weights is None else float(weights.sum())
        products = self.products + v[:, : len(self.products)].T @ weighed
        return Moments(self.n + n, shift, self.total + weighed.sum(0), products)


@dataclass(frozen=True)
class Standardised:
    """The linear system of standardised features, float64.

    mean: of features and targets, [F + O]. deviation: of features, [F]; 1 where a feature is constant.
    correlations: Z'Z/n, [F, F]. right: Z'y/n, [F, O].
    """

    mean: Tensor
    deviation: Tensor
    correlations: Tensor
    right: Tensor

    @classmethod
    def of(cls, m: Moments) -> Standardised | None:
        """None where the sums are not finite."""
        size, centre = len(m.products), m.total / m.n
        covariance = m.products / m.n - centre[:size].outer(centre)
        if not covariance.isfinite().all():
            return None
        deviation = covariance.diagonal().clamp(min=0).sqrt()
        deviation = torch.where(deviation > 0, deviation, 1.0)  # a constant feature: its row is zero
        standard = covariance / deviation.unsqueeze(1)
        return cls(m.shift + centre, deviation, standard[:, :size] / deviation, standard[:, size:])

    def readout(self, standard: Tensor) -> tuple[Tensor, Tensor]:
        """Weights [F, O] and biases [O] of the features as they are, from weights of standardised ones."""
        weights = standard / self.deviation.unsqueeze(1)
        return weights, self.mean[len(weights) :] - self.mean[: len(weights)] @ weights


class Solver(Protocol):
    """Solutions of a ridge regression for any penalty."""

    def solve(self, penalty: float) -> tuple[Tensor, Tensor]:
        """Weights [F, O] and biases [O]."""
        ...


@dataclass(frozen=True)
class Spectrum:
    """The standardised features' correlations, diagonalised: solutions for all penalties at once, float64.

    eigenvalues: [F], not negative. noise: what rounding may have made of an eigenvalue of zero. vectors: [F, F].
    right: the targets' side, [F, O].
    """

    system: Standardised
    eigenvalues: Tensor
    noise: float
    vectors: Tensor
    right: Tensor

    @classmethod
    def of(cls, m: Moments) -> Spectrum | None:
        """None where the sums are not finite."""
        system = Standardised.of(m)
        if system is None:
            return None
        eigenvalues, vectors = torch.linalg.eigh(system.correlations)
        noise = len(vectors) * torch.finfo(torch.float64).eps * float(eigenvalues.amax()) if len(vectors) else 0.0
        return cls(system, eigenvalues.clamp(min=0), noise, vectors, vectors.T @ system.right)

    def solve(self, penalty: float) -> tuple[Tensor, Tensor]:
        """Weights [F, O] and biases [O]."""
        kept = self.eigenvalues > (0.0 if penalty else self.noise)  # a penalty itself damps what rounding made
        inverse = torch.where(kept, 1 / (self.eigenvalues + penalty), 0.0)
        return self.system.readout(self.vectors @ (inverse.unsqueeze(1) * self.right))

    @property
    def flops(self) -> float:
        """Of finding it: eigenvalues and vectors of a symmetric matrix (Golub & Van Loan 2013, section 8.3)."""
        return 9.0 * len(self.vectors) ** 3


@part
class Ridge:
    """Fits W_hy and b_y in closed form; one replica at a time.

    sequences: training sequences per step. most_sequences: where it stops asking for more.
    validation: held-out sequences that choose among the penalties.
    penalties: candidates, on standardised features.
    """

    sequences: Annotated[int, COUNT] = 2000
    most_sequences: Annotated[int, COUNT] = 10_000
    validation: Annotated[int, COUNT] = 1000
    penalties: tuple[Annotated[float, NON_NEGATIVE], ...] = (1e-10, 1e-8, 1e-6, 1e-4, 1e-2)
    replicas: ClassVar[int | None] = 1
    trained: ClassVar[tuple[str, ...] | None] = ("W_hy", "b_y")

    def init(self, params: Params) -> Moments:
        features, outputs = params["W_hy"].shape[1:]
        zeros = params["W_hy"].new_zeros((features + 2, features + outputs), dtype=torch.float64)
        return Moments(0, zeros[0], zeros[1], zeros[2:])

    def step(self, draw: Draw[FeatureOracle], params: dict[str, Tensor], state: Moments) -> Step:
        oracle = draw(self.sequences)
        phi, y = oracle.features(params)
        moments = state.add(torch.cat([phi[0].double(), y[0].double()], 1))
        seen = int(moments.n) * len(oracle) // phi.shape[1]  # sequences, not scored steps
        done = len(oracle) < self.sequences or seen >= self.most_sequences
        held_out = draw(self.validation, "penalty").features(params)
        oracle.charge_flops(2.0 * phi.shape[1] * phi.shape[2] ** 2)
        spectrum = Spectrum.of(moments)
        if spectrum is None:
            return _unsolved(params, state, "features or targets are not finite: there is no readout of them")
        oracle.charge_flops(spectrum.flops)
        best = choose(params, spectrum, self.penalties, held_out)
        if not math.isfinite(best.error):
            return _unsolved(params, state, "no penalty gives a readout whose error on held-out sequences is finite")
        loss = torch.tensor([_error(best.fit, phi, y)], dtype=torch.float64)
        info = {"training_sequences": seen, "penalty": best.penalty}
        return Step(params | best.fit, moments, loss, info, exhausted=done)


@dataclass(frozen=True)
class Chosen:
    """The penalty with the least mean squared error on what was held out, and its readout "W_hy", "b_y"."""

    penalty: float
    fit: dict[str, Tensor]
    error: float


def choose(
    params: Params,
    solver: Solver,
    penalties: Sequence[float],
    held_out: tuple[Tensor, Tensor],
    weights: Tensor | None = None,
) -> Chosen:
    """Solves for every penalty; held_out: features [1, n, F] and targets [1, n, O]. The first of equals is chosen.

    weights: of the n rows in the error, [1, n]; None: 1 each.
    """
    found = []
    for penalty in penalties:
        fit = stored(params, *solver.solve(penalty))
        found.append(Chosen(penalty, fit, _error(fit, *held_out, weights)))
    return min(found, key=lambda chosen: chosen.error)


def stored(params: Params, weights: Tensor, bias: Tensor) -> dict[str, Tensor]:
    """A readout as the model keeps it: one replica, in the precision of its parameters."""
    return {"W_hy": weights.to(params["W_hy"].dtype).unsqueeze(0), "b_y": bias.to(params["b_y"].dtype).unsqueeze(0)}


def _error(fit: Params, phi: Tensor, y: Tensor, weights: Tensor | None = None) -> float:
    """Mean squared error of a readout applied as `Model.read` does; infinite if it is not a number."""
    outputs = affine(phi.to(fit["W_hy"].dtype), fit["W_hy"], fit["b_y"])
    squares = (outputs.double() - y).square()
    mean = squares.mean() if weights is None else (weights.unsqueeze(-1) * squares).mean() / weights.mean()
    error = float(mean)
    return math.inf if math.isnan(error) else error


def _unsolved(params: dict[str, Tensor], state: Moments, why: str) -> Step:
    """A step that found nothing: no readout is passed off as one."""
    return Step(params, state, params["b_y"].new_full((1,), math.nan), failure=why)
