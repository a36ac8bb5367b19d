"""What the formulas of GPUs share: all replicas at once, [R, T, B, ...], in few kernels a step and without autograd.

A GPU takes about as long to start a small kernel as to run it, so time is kernels per step. All that does not depend on
the step before is computed for all steps at once. Before a sequence starts its drive is zero: the state of every cell
here then stays exactly zero, and no step needs a mask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self

import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells.sequences import has_begun

_PIECE_NUMBERS = 2**28  # of the drive of a piece of an evaluation: a gigabyte of float32


class Run(Protocol):
    """A forward pass that keeps what its derivatives need."""

    @classmethod
    def of(cls, params: Params, x: Tensor, start: Tensor, scored: int) -> Self:
        """From x [R, T, B, X] and start [R, B]."""

    @property
    def states(self) -> Tensor:
        """Hidden states at the scored steps, [R, K, B, H]."""

    def backward(self, d_states: Tensor) -> dict[str, Tensor]:
        """Derivatives of the parameters from those of the scored states."""


def states(kind: type[Run], params: Params, x: Tensor, start: Tensor, scored: int) -> Tensor:
    """Hidden states at the last steps, [R, K, B, H]; no derivatives."""
    width = 2 * params["W_hh"].shape[2]
    return in_pieces(lambda x, start: kind.of(params, x, start, scored).states, width, x, start)


def in_pieces(states: Callable[[Tensor, Tensor], Tensor], width: int, x: Tensor, start: Tensor) -> Tensor:
    """States [R, K, B, H] of x [R, T, B, X] and start [R, B] in pieces of the batch, to bound the memory.

    width: numbers that a step of a sequence takes.
    """
    size = max(1, _PIECE_NUMBERS // (x.shape[0] * x.shape[1] * width))
    pieces = zip(x.split(size, 2), start.split(size, 1), strict=True)
    found = [states(*piece) for piece in pieces]
    return found[0] if len(found) == 1 else torch.cat(found, 2)


def started(x: Tensor, start: Tensor) -> Tensor | None:
    """[R, T, B, 1], 0 where a sequence has not begun; None if a CPU finds that all begin at the first step."""
    if x.device.type == "cpu" and not start.any():
        return None  # to ask a GPU would wait for it, and ends a recording
    return has_begun(x.shape[1], start).to(x.dtype).unsqueeze(-1)


def drive(w_xh: Tensor, b_h: Tensor, x: Tensor, begun: Tensor | None = None) -> Tensor:
    """x W + b at all steps, [R, T, B, G]; zero where a sequence has not begun."""
    found = torch.baddbmm(b_h.unsqueeze(1), x.flatten(1, 2), w_xh).unflatten(1, x.shape[1:3])
    return found if begun is None else found.mul_(begun)


def states_of(like: Tensor, hidden: int) -> Tensor:
    """Room for the states [R, T+1, B, H] of a drive [R, T, B, G]; the first is zero."""
    h = like.new_empty(like.shape[0], like.shape[1] + 1, like.shape[2], hidden)
    h[:, 0] = 0
    return h


def correlation(a: Tensor, d: Tensor) -> Tensor:
    """sum over steps and sequences of a_t' d_t: [R, T, B, N] and [R, T, B, G] -> [R, N, G]."""
    return torch.bmm(a.flatten(1, 2).transpose(1, 2), d.flatten(1, 2))
