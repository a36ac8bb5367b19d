"""Sequences of a batch: which of them have begun at which step, and a batch in chunks."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

_CHUNK = 100  # sequences whose states are computed at once where none but those of the scored steps are kept


def has_begun(steps: int, start: Tensor) -> Tensor:
    """Whether each sequence has begun at each of the steps, [R, T, B] bool. start: its first step, [R, B].

    >>> has_begun(3, torch.tensor([[0, 2]])).tolist()
    [[[True, False], [True, False], [True, True]]]
    """
    return torch.arange(steps, device=start.device)[:, None] >= start.unsqueeze(1)


def in_chunks(states: Callable[[Tensor, Tensor], Tensor], x: Tensor, start: Tensor) -> Tensor:
    """States [R, K, B, H] of x [R, T, B, X] and start [R, B], some sequences at a time: those of a CPU stay in its
    cache."""
    chunks = zip(x.split(_CHUNK, 2), start.split(_CHUNK, 1), strict=True)
    return torch.cat([states(*chunk) for chunk in chunks], 2)
