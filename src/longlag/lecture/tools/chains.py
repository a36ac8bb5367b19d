"""Products of Jacobians, dh_T/dh_t = J_{t+1} ... J_T, renormalised at every step so that nothing over- or underflows.

Matrices act from the right: d h_t = d h_{t-1} J_t. All logarithms are natural.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from longlag.cells.base import Recurrence, complete

Array = np.ndarray


def jacobians(cell: Recurrence, params: Mapping[str, np.ndarray], x: np.ndarray, last: int) -> np.ndarray:
    """d s_t / d s_{t-1} at the last steps of one sequence x [T, X], [last, S, S], acting from the right; float64.

    s is the whole state: of an LSTM its hidden and its cell state, side by side.
    """
    leaves = {name: torch.from_numpy(np.asarray(value, dtype=np.float64))[None] for name, value in params.items()}
    start = complete(cell).start(leaves, 1)
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


def log_norms(jacobians: Array) -> Array:
    """ln ||dh_T/dh_{T-k}||_2 for k = 0 ... T, [T+1], from the Jacobians [T, S, S] of the steps 1 ... T.

    The norm is the largest factor of any direction. -inf where the product is exactly zero.
    """
    return both_log_norms(jacobians)[0]


def both_log_norms(jacobians: Array) -> tuple[Array, Array]:
    """`log_norms`, and the same of the root mean square over all directions: ln (||dh_T/dh_{T-k}||_F / sqrt(S))."""
    steps, size = jacobians.shape[:2]
    product, logs = np.eye(size), np.zeros(steps + 1)
    products = np.empty((steps, size, size))
    for k, jacobian in enumerate(jacobians[::-1]):
        product = jacobian @ product  # J_{T-k} (J_{T-k+1} ... J_T)
        norm = np.linalg.norm(product)
        product = product / norm if norm > 0 else product
        products[k] = product
        with np.errstate(divide="ignore"):
            logs[k + 1] = logs[k] + np.log(norm)
    squared = np.linalg.eigvalsh(products @ products.transpose(0, 2, 1))[:, -1]  # of unit Frobenius norm: in [1/S, 1]
    spectral = np.sqrt(squared)
    mean = np.concatenate(([0.0], logs[1:] - np.log(size) / 2))
    logs[1:] += np.log(np.where(spectral > 0, spectral, 1.0))
    return logs, mean


def lyapunov(jacobians: Array) -> Array:
    """The Lyapunov exponents per step, largest first [S], by QR along the trajectory (Benettin et al. 1980).

    Their mean is the mean log singular value of the product, per step: ln |det| / (S T).
    """
    steps, size = jacobians.shape[:2]
    basis, total = np.eye(size), np.zeros(size)
    for jacobian in jacobians:
        q, r = np.linalg.qr(jacobian.T @ basis)  # columns are tangents
        basis, diagonal = q, np.abs(np.diag(r))
        with np.errstate(divide="ignore"):
            total += np.log(diagonal)
    return np.sort(total / steps)[::-1]


def line(x: Array, y: Array) -> tuple[float, float]:
    """Slope and R² of the least-squares line through points [n]; R² is 1 where y does not vary. Not a number where a
    value is not finite."""
    if not np.isfinite(y).all():
        return np.nan, np.nan
    slope, intercept = np.polyfit(x, y, 1)
    rest, spread = np.square(y - (slope * x + intercept)).sum(), np.square(y - y.mean()).sum()
    return float(slope), float(1 - rest / spread) if spread > 0 else 1.0


def reach(logs: Array, floor: float) -> int:
    """Largest lag up to which ln norms [T+1] stay at or above the floor."""
    below = np.flatnonzero(~(logs >= floor))
    return int(below[0]) - 1 if len(below) else len(logs) - 1
