"""The average over time of random features of single inputs: a summary of a sequence that ignores order.

    h_t = (1/t) sum_{s <= t} tanh(x_s W_xh + b_h)

A task that is solved from this average needs no memory of when things happened. Adding is such a task: with features
of value and marker together, the average contains the sum of the marked values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells.base import State, affine_drive, last_states, zero_start
from longlag.ranges import COUNT, part


@part
class TimeAverage:
    """Running means of H features; no weights between steps. Its damped states are the means (curvature 1)."""

    hidden: Annotated[int, COUNT] = 100
    drive, start = affine_drive, zero_start(2)  # the mean, and the number of steps behind it

    def shapes(self, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
        return {"W_xh": (n_inputs, self.hidden), "b_h": (self.hidden,)}

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        mean, steps = state
        steps = steps + 1
        mean = mean + (torch.tanh(drive) - mean) / steps
        return (mean, steps), mean

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        # drives of all steps at once would need much memory
        drives = (self.drive(params, x[:, t : t + 1])[:, 0] for t in range(x.shape[1]))
        return last_states(self, params, drives, start, scored)
