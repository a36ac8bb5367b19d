"""Ridge regression of a readout: the only thing that an echo state network learns (Jaeger 2001; Lukosevicius 2012).

Features are standardised, (Z'Z/n + penalty I) w = Z'y/n; Gram matrices are summed in float64 as sequences stream by, so
memory is O(F^2) whatever their number. The penalty is the one with the least error on sequences held out. One step
adds one batch of sequences and solves again: the axis of learning is the size of the training set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.objective import FeatureOracle
from longlag.optimisers.base import Draw, Step


@dataclass(frozen=True)
class Moments:
    """Sums over n scored steps of [1, phi]'[1, phi] (F+1, F+1) and [1, phi]'y (F+1, O), float64."""

    n: int
    gram: Tensor
    cross: Tensor


@dataclass(frozen=True)
class Ridge:
    """Fits W_hy and b_y in closed form; one replica at a time.

    sequences: training sequences per step; most_sequences: where it stops asking for more.
    validation: held-out sequences that choose among the penalties.
    """

    sequences: int = 2000
    most_sequences: int = 10_000
    validation: int = 1000
    penalties: tuple[float, ...] = (1e-10, 1e-8, 1e-6, 1e-4, 1e-2)
    replicas: ClassVar[int | None] = 1
    trained: ClassVar[tuple[str, ...] | None] = ("W_hy", "b_y")

    def init(self, params: Params) -> Moments:
        features, outputs = params["W_hy"].shape[1:]
        zeros = params["W_hy"].new_zeros((features + 1, features + 1 + outputs), dtype=torch.float64)
        return Moments(0, zeros[:, : features + 1], zeros[:, features + 1 :])

    def step(self, draw: Draw, params: dict[str, Tensor], state: Moments) -> Step:
        oracle: FeatureOracle = draw(self.sequences)
        phi, y = _rows(oracle, params)
        moments = Moments(state.n + len(phi), state.gram + phi.T @ phi, state.cross + phi.T @ y)
        held_out, wanted = _rows(draw(self.validation, "penalty"), params)
        solutions = [w for w in (self._solve(moments, penalty) for penalty in self.penalties) if w is not None]
        solutions = solutions or [torch.zeros_like(moments.cross)]  # features that are not finite have no readout
        best = min(solutions, key=lambda w: float((held_out @ w - wanted).square().mean()))
        size = len(best)
        oracle.charge_flops(2.0 * len(phi) * size**2 + len(self.penalties) * size**3 / 3)
        weights = best.to(params["W_hy"].dtype).unsqueeze(0)
        fitted = params | {"W_hy": weights[:, 1:], "b_y": weights[:, 0]}
        seen = moments.n * len(oracle) // len(phi)  # sequences, not scored steps
        done = len(oracle) < self.sequences or seen >= self.most_sequences
        loss = (phi @ best - y).square().mean().reshape(1)
        return Step(fitted, moments, loss, {"training_sequences": seen}, exhausted=done)

    def _solve(self, m: Moments, penalty: float) -> Tensor | None:
        """Weights [F+1, O], the bias first; None where the matrix is not positive definite to rounding."""
        mean, mean_y = m.gram[0, 1:] / m.n, m.cross[0] / m.n
        covariance = m.gram[1:, 1:] / m.n - mean.outer(mean)
        deviation = covariance.diagonal().clamp(min=1e-24).sqrt()  # a constant feature
        correlation = covariance / deviation.outer(deviation)
        correlation.diagonal().add_(penalty)
        factor, failed = torch.linalg.cholesky_ex(correlation)
        if failed:
            return None
        right = (m.cross[1:] / m.n - mean.outer(mean_y)) / deviation.unsqueeze(1)
        weights = torch.cholesky_solve(right, factor) / deviation.unsqueeze(1)
        return torch.cat([(mean_y - mean @ weights).unsqueeze(0), weights])


def _rows(oracle: FeatureOracle, params: Params) -> tuple[Tensor, Tensor]:
    """[1, phi] and y of one replica, float64."""
    phi, y = oracle.features(params)
    phi = phi[0].double()
    return torch.cat([phi.new_ones(len(phi), 1), phi], 1), y[0].double()
