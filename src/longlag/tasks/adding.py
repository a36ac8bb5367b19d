"""Adding: report the mean of two marked numbers long after they were seen.

Each step shows a value u_t ~ U[0,1] and a marker m_t. Two steps are marked, one in the first tenth of the sequence and
one between a tenth and a half of it; the target at the last step is (u_I + u_J) / 2. One sequence at T = 10:

    step    1    2    3    4    5    6    7    8    9   10
    value  .38  .91  .07  .62  .55  .20  .84  .13  .47  .70
    mark    1    .    .    1    .    .    .    .    .    .
    target                                              (.38 + .62) / 2 = .50

Hochreiter & Schmidhuber 1997, experiment 4, in the windows of Martens & Sutskever 2011.
Deviations from the 1997 text: (1) values in [0,1] and the average as target, which is its scaled sum; (2) no -1 flag
at the first and last step; (3) the windows scale with T; (4) a linear output and the squared error, where the net of
1997 has a logistic output. A readout of averaged features solves this task too: addition needs no order.
"""

from __future__ import annotations

import numpy as np

from longlag.losses import SquaredError
from longlag.tasks._sequences import marked_minimal_lag, marked_pairs, padded_steps
from longlag.tasks.base import Baseline, Batch, Task, Traits


def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
    x, start, pair = marked_pairs(rng, lag, n, lambda shape: rng.random(shape, dtype=np.float32))
    return Batch(x, start, ((pair[0] + pair[1]) / 2)[None, :, None])


TASK = Task(
    name="adding",
    label="adding",
    version=1,
    reference="Hochreiter & Schmidhuber 1997, experiment 4; Martens & Sutskever 2011",
    traits=Traits("marked", ("value", "marker"), input_mean=(0.5, 0.0), target_mean=(0.5,), scored=1, classes=0),
    loss=SquaredError(tolerance=0.04),
    baselines={
        "constant": Baseline("always the mean, 0.5", error=1 - 0.1536, loss=1 / 24),
        "half_solved": Baseline("one of the two numbers known", error=0.84, loss=1 / 48),
    },
    sample=sample,
    steps=padded_steps,
    minimal_lag=marked_minimal_lag,
    shortest=10,
)
