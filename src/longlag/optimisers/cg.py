"""Conjugate gradients with Martens' stopping rule (Martens 2010, section 4.4), for one replica.

Minimises phi(x) = x'Ax/2 - b'x. Stops at iteration i when phi has gained relatively less than k * tolerance over the
last k = max(10, i/10) iterations and is negative: the aim is a good value of the model, not a small residual.
Iterates at i = growth^j are kept for backtracking (Martens 2010, section 4.6), and the last one; those before it only
if the last is at least `growth` times as far. Inner products are float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from torch import Tensor

from longlag.algebra import tree
from longlag.algebra.tree import Params
from longlag.ranges import COUNT, NON_NEGATIVE, Interval, part


@dataclass(frozen=True)
class Iterate:
    """A point x on the way, phi(x), and its iteration number."""

    x: dict[str, Tensor]
    value: float
    iteration: int


@dataclass(frozen=True)
class Solution:
    """The kept iterates, the last one included, and why the solver stopped: "progress", "limit" or "breakdown"."""

    iterates: list[Iterate]
    reason: str


@part
class ConjugateGradient:
    """A truncated solver of A x = b for positive definite A.

    most_iterations: at which it stops with the reason "limit". tolerance: least relative gain of phi per iteration.
    growth: ratio of the numbers of two iterates that are kept.
    """

    most_iterations: Annotated[int, COUNT] = 150
    tolerance: Annotated[float, NON_NEGATIVE] = 5e-4
    growth: Annotated[float, Interval(1)] = 1.3

    def __call__(self, a: Callable[[Params], dict[str, Tensor]], b: Params, x: dict[str, Tensor]) -> Solution:
        """Solves from the start x. a: v -> A v."""
        zero = not any(bool(leaf.any()) for leaf in x.values())  # which needs no product
        r = dict(b) if zero else tree.axpy(-1, a(x), b)  # b - A x
        p, rr = r, float(tree.dot(r, r))
        values, kept, keep_at = [_phi(x, b, r)], [], 1.0
        reason = "limit"
        for i in range(1, self.most_iterations + 1):
            ap = a(p)
            curvature = float(tree.dot(p, ap))
            if not (curvature > 0 and math.isfinite(curvature)):  # rounding, or a residual that is exactly zero
                reason = "breakdown"
                break
            alpha = rr / curvature
            x, r = tree.axpy(alpha, p, x), tree.axpy(-alpha, ap, r)
            rr_before, rr = rr, float(tree.dot(r, r))
            p = tree.axpy(rr / rr_before, p, r)
            values.append(_phi(x, b, r))
            if i >= keep_at:
                kept.append(Iterate(x, values[-1], i))
                keep_at = math.ceil(keep_at * self.growth)
            if self._stalled(values):
                reason = "progress"
                break
        last = len(values) - 1
        apart = [i for i in kept if i.iteration < last and i.iteration * self.growth <= last]
        return Solution([*apart, Iterate(x, values[-1], last)], reason)

    def _stalled(self, values: list[float]) -> bool:
        i = len(values) - 1
        k = max(10, i // 10)
        return i > k and values[i] < 0 and (values[i] - values[i - k]) / values[i] < k * self.tolerance


def _phi(x: Params, b: Params, r: Params) -> float:
    return -0.5 * float(tree.dot(x, tree.add(b, r)))  # x'Ax/2 - b'x with Ax = b - r
