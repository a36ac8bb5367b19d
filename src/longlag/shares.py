"""How sure a share is: Wilson's interval (Wilson 1927). No torch, no pandas."""

from __future__ import annotations

from typing import Any

import numpy as np

_Z = 1.959963984540054  # 97.5 % quantile of the normal distribution


def wilson(met: Any, n: Any) -> tuple[Any, Any]:
    """Wilson's 95 % interval of a share, low and high; numbers or arrays of one shape.

    met, n: how many of how many. Of none, the interval is all of [0, 1].

    >>> [round(float(bound), 3) for bound in wilson(5, 5)]
    [0.566, 1.0]
    """
    met, n = np.asarray(met, float), np.asarray(n, float)
    some = np.where(n > 0, n, 1.0)
    share, weight = met / some, 1 / (1 + _Z**2 / some)
    centre = (share + _Z**2 / (2 * some)) * weight
    half = _Z * np.sqrt(share * (1 - share) / some + _Z**2 / (4 * some**2)) * weight
    return np.where(met == 0, 0.0, centre - half), np.where(met == n, 1.0, centre + half)
