"""Adding with a mark in each half: the adding problem of the unitary nets and their successors.

Each step shows a value u_t ~ U[0,1] and a marker m_t. One step is marked in the first half of the sequence and one in
the second half; the target at the last step is u_I + u_J. All sequences have T steps. One sequence at T = 10:

    step    1    2    3    4    5    6    7    8    9   10
    value  .38  .91  .07  .62  .55  .20  .84  .13  .47  .70
    mark    .    .    1    .    .    .    .    1    .    .
    target                                              .07 + .13 = .20

Arjovsky, Shah & Bengio 2016; Tallec & Ollivier 2018 (T = 200 and 750), whose sum, lengths and windows these are. Their
baseline, the variance of the target, is 1/6 = 0.167.
Deviations: (1) fresh sequences, where the 2016 paper draws 100,000 once; (2) solved means within 0.08 in 99 % of
sequences, the accuracy of `adding`, whose target is the mean; the papers show the squared error, which is `test_loss`.
It is *not* a measure of reach: the second mark may stand at the last step, so that the minimal lag is 0. The error
falls with every step that is remembered, and half of it is gone at T/2 (docs/demos.md); of `adding` nothing is.
"""

from __future__ import annotations

import numpy as np

from longlag.losses import SquaredError
from longlag.tasks.base import Baseline, Batch, Task, Traits


def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
    each = np.arange(n)
    marks = rng.integers(0, lag // 2, size=n), rng.integers(lag // 2, lag, size=n)
    x = np.zeros((lag, n, 2), dtype=np.float32)
    x[..., 0] = rng.random((lag, n), dtype=np.float32)
    total = np.zeros(n, dtype=np.float32)
    for mark in marks:
        x[mark, each, 1] = 1.0
        total += x[mark, each, 0]
    return Batch(x, np.zeros(n, dtype=np.int64), total[None, :, None])


TASK = Task(
    name="adding_urnn",
    label="adding, a mark in each half",
    version=1,
    reference="Arjovsky, Shah & Bengio 2016; Tallec & Ollivier 2018",
    traits=Traits("marked", ("value", "marker"), input_mean=(0.5, 0.0), target_mean=(1.0,), scored=1, classes=0),
    loss=SquaredError(tolerance=0.08),
    baselines={
        "constant": Baseline("always the mean, 1", error=(1 - 0.08) ** 2, loss=1 / 6),
        "half_solved": Baseline("one of the two numbers known", error=1 - 2 * 0.08, loss=1 / 12),
    },
    sample=sample,
    steps=lambda lag: lag,
    minimal_lag=lambda lag: 0,
    shortest=2,
)
