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
from longlag.cells.base import State, Tape, affine_drive, autograd_tape, zero_state
from longlag.ranges import COUNT, part


@part
class TimeAverage:
    """Running means of H features; no weights between steps."""

    hidden: Annotated[int, COUNT] = 100
    drive = affine_drive

    def shapes(self, n_inputs: int) -> Mapping[str, tuple[int, ...]]:
        return {"W_xh": (n_inputs, self.hidden), "b_h": (self.hidden,)}

    def flops(self, params: Params) -> float:
        return 2.0 * self.hidden * params["W_xh"].shape[1]

    def step(self, params: Params, state: State, drive: Tensor) -> tuple[State, Tensor]:
        mean, steps = state
        steps = steps + 1
        mean = mean + (torch.tanh(drive) - mean) / steps
        return (mean, steps), mean

    def start(self, params: Params, batch: int) -> State:
        return zero_state(params, batch, self.hidden, parts=2)  # the mean, and the number of steps behind it

    def matching_curvature(self, states: Tensor) -> Tensor:
        return torch.ones_like(states)

    def states(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
        state, kept = self.start(params, x.shape[2]), []
        for t in range(x.shape[1]):  # step by step: all states at once would not fit into memory
            new, _ = self.step(params, state, self.drive(params, x[:, t : t + 1])[:, 0])
            started = (start <= t).unsqueeze(-1)
            state = tuple(torch.where(started, after, before) for after, before in zip(new, state, strict=True))
            if t >= x.shape[1] - scored:
                kept.append(state[0])
        return torch.stack(kept, 1)

    def tape(self, params: Params, x: Tensor, start: Tensor, scored: int) -> Tape:
        return autograd_tape(self, params, x, start, scored)
