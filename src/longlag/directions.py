"""Directions of small gradient and even smaller curvature: what claim 9 of the lecture counts, and its figure marks.

No torch, no pandas.
"""

from __future__ import annotations

import numpy as np

SMALL = 0.1  # of the largest gradient: an order of magnitude


def are_hidden(curvature: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Which directions have a small gradient and a curvature that is smaller still, [k].

    curvature, gradient: of every direction, [k]; the gradient without its sign. A gradient is small if it is at most a
    tenth of the largest. The curvature is smaller still if gradient / curvature, the length of a Newton step, is at
    least ten times that along the most curved direction. A direction without curvature is none of them.

    >>> are_hidden(np.array([100.0, 1.0, 1e-4]), np.array([10.0, 5.0, 0.1])).tolist()
    [False, False, True]
    """
    newton = gradient / np.maximum(curvature, 1e-300)  # no 0/0
    farther = SMALL * newton >= newton[curvature.argmax()]
    return (gradient <= SMALL * gradient.max()) & farther & (curvature > 0)
