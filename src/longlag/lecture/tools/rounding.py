"""How far a computed number may lie from the true one (Higham 2002, Accuracy and Stability of Numerical Algorithms).

A sum of products in which no term passes through more than n roundings is off by at most gamma_n times the same sum of
absolute values (section 3.1 and equation 3.5), whatever the order of summation.
"""

from __future__ import annotations

import numpy as np

UNIT_ROUNDOFF = float(np.finfo(np.float64).eps) / 2


def gamma(n: int) -> float:
    """n u / (1 - n u)."""
    return n * UNIT_ROUNDOFF / (1 - n * UNIT_ROUNDOFF)


def off(difference: np.ndarray, absolute: np.ndarray) -> float:
    """The largest |difference| as a share of the sum of absolute values behind it; 0/0 is no error."""
    size = np.abs(difference)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.where(size == 0, 0.0, size / absolute).max())
