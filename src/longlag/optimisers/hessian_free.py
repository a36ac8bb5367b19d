"""Hessian-Free optimisation with structural damping (Martens 2010; Martens & Sutskever 2011).

One step minimises the damped quadratic model of the loss around theta by conjugate gradients,

    phi(d) = g'd + d'(G + lambda I + lambda mu S) d / 2,

G the Gauss-Newton matrix, S the structural damping that keeps the hidden states near where they are, g the gradient.
The sum of all three is never formed: `Objective.gauss_newton` gives its products from one forward pass.

Numbers follow the authors' released code where it differs from the paper. Deviations: (1) 1000 sequences for the
gradient rather than 10,000, at most 150 CG iterations rather than 300; (2) no preconditioner, as in that code; (3) the
tanh matching loss has curvature 1 - h^2 (paper), not a quarter of it (code); (4) biases are trained and the start state
is zero, where that code learns a start state; (5) lambda weighs a loss averaged, not summed, over the scored steps;
(6) backtracking and the line search share a batch, so that no loss is evaluated twice; (7) lambda stays where the model
promises no decrease: a short run of CG has not undone its warm start yet, which says nothing about the model; (8) after
such a step, and after one with a poor reduction ratio or none at all, CG starts from zero. Otherwise a bad warm start
is carried from step to step, and the loss can rise for the rest of the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar

from torch import Tensor

from longlag.algebra import tree
from longlag.algebra.tree import Params
from longlag.objective import Oracle
from longlag.optimisers.base import Draw, Step
from longlag.optimisers.cg import ConjugateGradient, Iterate
from longlag.optimisers.damping import POOR, LevenbergMarquardt
from longlag.ranges import COUNT, FRACTION, NON_NEGATIVE, Interval, OutOfRange, check

_SMALLEST_RATE = 1e-4  # where a line search gives up: after 917 evaluations at most, with a factor of 0.99


@dataclass(frozen=True)
class HFState:
    """The damping lambda, and the last solution of CG, from which the next one starts; zero if its step is not
    trusted."""

    damping: float
    direction: dict[str, Tensor]


@dataclass(frozen=True)
class HessianFree:
    """Truncated Newton steps; one replica at a time.

    gradient_batch, curvature_batch: sequences, drawn for every step; the curvature is that of the gradient's first
    ones. By default they are the same sequences: with fewer for curvature, the reduction ratio compares a loss with a
    model of another sample. Where nothing is learned yet, the difference is noise, and the damping of a GRU or an LSTM
    does not come down.
    structural_damping: mu. weight_decay: of (weight_decay / 2) ||theta||^2, in loss, gradient and curvature.
    warm_start: factor on the last CG solution. line_search_factor: shrinks a step that does not lower the loss.
    damping: the rule of lambda, and its start. cg: the solver, and the most iterations of a step.

    Raises:
        OutOfRange: a curvature_batch above the gradient_batch.
    """

    gradient_batch: Annotated[int, COUNT] = 1000
    curvature_batch: Annotated[int, COUNT] = 1000
    structural_damping: Annotated[float, NON_NEGATIVE] = 0.03
    weight_decay: Annotated[float, NON_NEGATIVE] = 2e-5
    warm_start: Annotated[float, FRACTION] = 0.95
    line_search_factor: Annotated[float, Interval(0, 0.99, open_low=True)] = 0.8
    damping: LevenbergMarquardt = LevenbergMarquardt(start=2e-4)
    cg: ConjugateGradient = ConjugateGradient()
    replicas: ClassVar[int | None] = 1
    trained: ClassVar[tuple[str, ...] | None] = None

    def __post_init__(self) -> None:
        check(self)
        if self.curvature_batch > self.gradient_batch:
            sizes = f"{self.curvature_batch:,} > {self.gradient_batch:,}"
            reason = f"curvature_batch must be at most gradient_batch, whose first sequences it takes ({sizes})"
            raise OutOfRange(self, "curvature_batch", self.curvature_batch, reason)

    def init(self, params: Params) -> HFState:
        return HFState(self.damping.start, tree.zeros_like(params))

    def step(self, draw: Draw[Oracle], params: dict[str, Tensor], state: HFState) -> Step:
        batch = draw(self.gradient_batch, "gradient")
        loss, gradient = batch.value_and_grad(params)
        gradient = tree.axpy(self.weight_decay, params, gradient)
        curvature = batch.head(self.curvature_batch)
        product = curvature.gauss_newton(params, structural=state.damping * self.structural_damping)

        def damped(v: Params) -> dict[str, Tensor]:  # (G + lambda I + lambda mu S) v
            return tree.axpy(state.damping + self.weight_decay, v, product(v))

        solution = self.cg(damped, tree.scale(-1, gradient), tree.scale(self.warm_start, state.direction))
        fresh = self._loss(draw(self.curvature_batch, "backtracking"), params)
        best, lowest = self._backtrack(fresh, solution.iterates)
        rho = self._reduction_ratio(self._loss(curvature, params), best)
        rate = self._line_search(fresh, best.x, lowest)
        damping = self._adapted(state.damping, best.value, rho, loss)
        last = solution.iterates[-1]
        trusted = rate > 0 and rho >= POOR  # no number where the model promised no decrease
        return Step(
            tree.axpy(rate, best.x, params),
            HFState(damping, last.x if trusted else tree.zeros_like(last.x)),
            loss,
            {
                "damping": state.damping,
                "rho": rho,
                "rate": rate,
                "cg_iterations": last.iteration,
                "cg_stopped": solution.reason,
                "used": best.iteration,
            },
        )

    def _adapted(self, damping: float, predicted: float, rho: float, loss: Tensor) -> float:
        """lambda for the next step. predicted: the model's value of this one, without the loss before it."""
        return self.damping.update(damping, rho) if predicted < 0 else damping

    def _loss(self, oracle: Oracle, params: Params) -> Callable[[Params], float]:
        """The regularised loss on that batch as a function of the step d."""

        def value(d: Params) -> float:
            moved = tree.add(params, d)
            return float(oracle.value(moved)) + 0.5 * self.weight_decay * float(tree.dot(moved, moved))

        return value

    def _backtrack(self, value: Callable[[Params], float], iterates: list[Iterate]) -> tuple[Iterate, float]:
        """Walks back from the last CG iterate for as long as the loss falls (Martens 2010, section 4.6); and the loss
        there."""
        best, lowest = iterates[-1], value(iterates[-1].x)
        for candidate in reversed(iterates[:-1]):
            candidate_value = value(candidate.x)
            if not candidate_value < lowest and math.isfinite(lowest):
                break
            best, lowest = candidate, candidate_value
        return best, lowest

    def _reduction_ratio(self, value: Callable[[Params], float], step: Iterate) -> float:
        if not step.value < 0:
            return math.nan
        before, after = value(tree.zeros_like(step.x)), value(step.x)
        return (after - before) / step.value

    def _line_search(self, value: Callable[[Params], float], direction: dict[str, Tensor], after: float) -> float:
        """The largest rate 1, c, c^2, ... that lowers the loss; 0 if none does. after: the loss at rate 1."""
        before, rate = value(tree.zeros_like(direction)), 1.0
        while not after < before:
            rate *= self.line_search_factor
            if rate <= _SMALLEST_RATE:
                return 0.0
            after = value(tree.scale(rate, direction))
        return rate
