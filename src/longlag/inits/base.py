"""What an initialisation is: a draw of all parameters of one replica."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

Shapes = Mapping[str, tuple[int, ...]]  # parameter name -> shape without the replica axis


class Init(Protocol):
    """Draws all parameters, zeros included."""

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        """One replica's parameters, float64, one array per name in `shapes`."""


def dense(rng: np.random.Generator, shapes: Shapes, scales: Mapping[str, float]) -> dict[str, np.ndarray]:
    """N(0, scale^2) for the names in `scales`, zeros for the others; drawn in the order of the shapes."""
    return {
        name: scales[name] * rng.standard_normal(shape) if name in scales else np.zeros(shape)
        for name, shape in shapes.items()
    }


def spectral_radius(matrix: np.ndarray) -> float:
    """Largest absolute eigenvalue."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def sparse_columns(rng: np.random.Generator, hidden: int, connections: int) -> np.ndarray:
    """A recurrent matrix [H, H] whose columns (units) have `connections` standard normal incoming weights each.

    From unit to unit against the connections, every walk comes to a unit again: there is a cycle, and the spectral
    radius is above zero.
    """
    matrix = np.zeros((hidden, hidden))
    for unit in range(hidden):
        incoming = rng.choice(hidden, size=min(connections, hidden), replace=False)
        matrix[incoming, unit] = rng.standard_normal(len(incoming))
    return matrix
