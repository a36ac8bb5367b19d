"""Jacobians of any cell of the library, one per step, of everything that it carries from step to step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from longlag.cells.base import Cell


def jacobians(cell: Cell, params: Mapping[str, np.ndarray], x: np.ndarray, last: int) -> np.ndarray:
    """d s_t / d s_{t-1} at the last steps of one sequence x [T, X], [last, S, S], acting from the right; float64.

    s is the whole state: of an LSTM its hidden and its cell state, side by side.
    """
    leaves = {name: torch.from_numpy(np.asarray(value, dtype=np.float64))[None] for name, value in params.items()}
    start = cell.start(leaves, 1)
    sizes = [part.shape[-1] for part in start]
    drives = cell.drive(leaves, torch.from_numpy(np.asarray(x, dtype=np.float64))[None, :, None])[0, :, 0]  # [T, G]

    def step(flat: Tensor, drive: Tensor) -> Tensor:
        after, _ = cell.step(leaves, tuple(part[None, None] for part in flat.split(sizes)), drive[None, None])
        return torch.cat([part[0, 0] for part in after])

    states = [torch.cat([part[0, 0] for part in start])]
    with torch.no_grad():
        for drive in drives:
            states.append(step(states[-1], drive))
    before = torch.stack(states[-last - 1 : -1])
    rows = torch.func.vmap(torch.func.jacrev(step))(before, drives[-last:])  # [last, after, before]
    return rows.transpose(1, 2).numpy()
