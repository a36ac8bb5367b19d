"""Levenberg-Marquardt: how much to distrust the quadratic model (Martens 2010, section 4.1).

The reduction ratio rho compares the loss's true change with the one that the model predicted.
"""

from __future__ import annotations

import math
from typing import Annotated

from longlag.ranges import NON_NEGATIVE, Interval, part

POOR = 0.25  # a reduction ratio below it says that the model is not to be trusted


@part
class LevenbergMarquardt:
    """lambda starts at `start`, grows by `factor` if rho < 1/4 (or is not a number) and shrinks by it if rho > 3/4."""

    start: Annotated[float, NON_NEGATIVE] = 0.1
    factor: Annotated[float, Interval(1)] = 1.5

    def update(self, damping: float, rho: float) -> float:
        """The damping for the next step."""
        if math.isnan(rho) or rho < POOR:
            return damping * self.factor
        return damping / self.factor if rho > 0.75 else damping
