"""Multiplication: report the product of two marked numbers long after they were seen.

Each step shows a value u_t ~ U[0,1] and a marker m_t. Two steps are marked, one in the first tenth of the sequence and
one between a tenth and a half of it; the target at the last step is u_I u_J. One sequence at T = 10:

    step    1    2    3    4    5    6    7    8    9   10
    value  .38  .91  .07  .62  .55  .20  .84  .13  .47  .70
    mark    1    .    .    1    .    .    .    .    .    .
    target                                              .38 x .62 = .24

Hochreiter & Schmidhuber 1997, experiment 5, in the windows of Martens & Sutskever 2011.
Deviations from the 1997 text: (1) no -1 flag at the first and last step; (2) the windows scale with T; (3) a linear
output and the squared error, where the net of 1997 has a logistic output. A product needs both values at once, but each
alone explains 3/7 of its variance: there is a slope to climb, which XOR has not. It needs no order: a net of the
average over time (`trained_average`) solves it.

Small products are frequent. The constant that is within the tolerance most often is therefore 0.04 (71.8 % wrong), not
the mean, with which a net that minimises the squared error begins (88.9 % wrong). One number known is no better than
that by this criterion, although its squared error is lower.
"""

from __future__ import annotations

import numpy as np

from longlag.losses import SquaredError
from longlag.tasks._sequences import marked_minimal_lag, marked_pairs, padded_steps, product_below
from longlag.tasks.base import Baseline, Batch, Task, Traits

_TOLERANCE = 0.04


def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
    x, start, pair = marked_pairs(rng, lag, n, lambda shape: rng.random(shape, dtype=np.float32))
    return Batch(x, start, (pair[0] * pair[1])[None, :, None])


TASK = Task(
    name="multiplication",
    label="multiplication",
    version=1,
    reference="Hochreiter & Schmidhuber 1997, experiment 5; Martens & Sutskever 2011",
    traits=Traits("marked", ("value", "marker"), input_mean=(0.5, 0.0), target_mean=(0.25,), scored=1, classes=0),
    loss=SquaredError(_TOLERANCE),
    baselines={
        "constant": Baseline(
            "always 0.04 (share wrong), always the mean, 0.25 (loss)",
            error=1 - product_below(2 * _TOLERANCE),
            loss=7 / 144,
        ),
        "half_solved": Baseline(  # u v - u/2 is uniform in +-u/2: right with probability 2 tolerance / u, at most 1
            "one of the two numbers known", error=1 - product_below(2 * _TOLERANCE), loss=1 / 36
        ),
    },
    sample=sample,
    steps=padded_steps,
    minimal_lag=marked_minimal_lag,
    shortest=10,
)
