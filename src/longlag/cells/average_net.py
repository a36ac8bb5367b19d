"""A feed-forward net of the average over time, all of it trained: it can combine what was seen, in no order.

    f_t = lrelu(x_t W_xh + b_h),   m_t = (1/t) sum_{s <= t} f_s,   h_t = lrelu(m_t W_hh + b_m)

After the unweighted mean of Raffel & Ellis 2015. lrelu has the slope 0.01 below zero. What this net solves needs
no memory of when things happened. The second layer is computed at the scored steps alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from longlag.algebra.products import affine
from longlag.algebra.tree import Params
from longlag.cells.base import GradientTape, State, affine_drive, zero_start
from longlag.cells.linear_scan import differentiated, replicas
from longlag.cells.sequences import has_begun, in_chunks
from longlag.ranges import COUNT, part


@part
class AverageNet:
    """Two layers of H units, before and after the average. Its damped states are the outputs (curvature 1)."""

    hidden: Annotated[int, COUNT] = 100
    drive, start = affine_drive, zero_start(3)  # the output, the sum of the features, and the number of steps

    def shapes(self, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
        h = self.hidden
        return {"W_xh": (n_inputs, h), "b_h": (h,), "W_hh": (h, h), "b_m": (h,)}

    def flops(self, params: Params) -> float:
        return 2.0 * params["W_xh"][0].numel() + self.hidden

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        _, total, steps = state
        total, steps = total + leaky_relu(drive), steps + 1
        h = leaky_relu(affine(total / steps, params["W_hh"], params["b_m"]))
        return (h, total, steps), h

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        with torch.no_grad():
            return in_chunks(lambda x, start: self._states(params, x, start, scored), x, start)

    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> GradientTape:
        return differentiated(self, params, x, start, lambda own: self._states(own, x, start, scored))

    def _states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        """Outputs at the last `scored` steps, [R, K, B, H]; zero where a sequence has not begun."""
        found = []
        for own, inputs, begun in replicas(params, x, has_begun(x.shape[1], start).unsqueeze(-1)):
            features = leaky_relu(self.drive(own, inputs)) * begun
            steps = _totals(begun.to(features.dtype), scored)
            h = leaky_relu(affine(_totals(features, scored) / steps.clamp(min=1), own["W_hh"], own["b_m"]))
            found.append(h * begun[:, -scored:])
        return torch.cat(found)


def _totals(values: Tensor, last: int) -> Tensor:
    """Sums over all steps up to each of the last ones, [R, T, ...] -> [R, K, ...]."""
    until = values.shape[1] - last + 1
    return torch.cat([values[:, :until].sum(1, keepdim=True), values[:, until:]], 1).cumsum(1)
