"""Multiplication in the format of 1997: one logistic output, half the squared error, and a flag at both ends.

The sequences are those of `adding_1997` with values U[0,1]; the target at the last step is X1 X2. Where the first step
is marked its flag stays -1 and its value is 1. One sequence at T = 20 (six steps in the middle are left out):

    step      1    2    3    4    5    6    7    8  ...   15   16   17   18   19   20
    value   .38  .91  .07  .62  .55  .20  .84  .13  ...  .47  .70  .31  .22  .58  .66
    second   -1    .    1    .    .    .    1    .  ...    .    .    .    .    .   -1
    target                                                              .07 x .84 = .06

Hochreiter & Schmidhuber 1997, experiment 5 (T = 100). An answer is right within 0.04. `multiplication` is this task in
the format of later papers. Deviations: none known. The baselines are those of long sequences, a tenth of which have
their first step marked.
"""

from __future__ import annotations

import numpy as np

from longlag.tasks._experiments_1997 import of_pairs
from longlag.tasks._sequences import product_below
from longlag.tasks.base import Baseline

_MEAN = 0.9 / 4 + 0.1 / 2  # of u v, and of v where the first number is 1
_WITHIN = 2 * 0.04


def target(pair: np.ndarray) -> np.ndarray:
    """[2, n] -> [n]."""
    return pair[0] * pair[1]


TASK = of_pairs(
    "multiplication_1997",
    label="multiplication of 1997",
    reference="Hochreiter & Schmidhuber 1997, experiment 5",
    low=0.0,
    neutral=1.0,
    combine=target,
    mean=_MEAN,
    baselines={
        "constant": Baseline(
            "always 0.04 (share wrong), always the mean, 0.275 (loss)",
            error=0.9 * (1 - product_below(_WITHIN)) + 0.1 * (1 - _WITHIN),
            loss=(0.9 / 9 + 0.1 / 3 - _MEAN**2) / 2,
        ),
        "half_solved": Baseline(
            "the first number known",
            error=0.9 * (1 - product_below(_WITHIN)) + 0.1 * (1 - _WITHIN),
            loss=(0.9 / 3 + 0.1) / 24,
        ),
    },
)
