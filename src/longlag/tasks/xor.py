"""XOR: are two marked bits different? Knowing one of them is worth nothing.

Each step shows a fair bit u_t and a marker m_t. Two steps are marked, one in the first tenth of the sequence and one
between a tenth and a half of it; the class at the last step is u_I xor u_J. One sequence at T = 10:

    step    1  2  3  4  5  6  7  8  9 10
    bit     0  1  1  1  0  0  1  0  1  1
    mark    1  .  .  1  .  .  .  .  .  .
    class                              0 xor 1 = 1

Martens & Sutskever 2011; foreseen by Hochreiter & Schmidhuber 1997, section 6, as the strongly delayed XOR.
Deviations: (1) softmax cross-entropy over two classes and argmax, where the thesis minimises the squared error of one
linear output (the authors' released code has one sigmoid output and cross-entropy, which is the same model). There is
no staircase: the net learns nothing before it holds both bits at once. It needs no order: a net of the average over
time (`trained_average`) solves it.
"""

from __future__ import annotations

import math

import numpy as np

from longlag.losses import CrossEntropy
from longlag.tasks._sequences import marked_minimal_lag, marked_pairs, padded_steps
from longlag.tasks.base import Baseline, Batch, Task, Traits


def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
    x, start, pair = marked_pairs(rng, lag, n, lambda shape: rng.integers(0, 2, shape).astype(np.float32))
    return Batch(x, start, (pair[0] != pair[1]).astype(np.int64)[None])


TASK = Task(
    name="xor",
    label="XOR",
    version=1,
    reference="Martens & Sutskever 2011; Hochreiter & Schmidhuber 1997, section 6",
    traits=Traits("marked", ("value", "marker"), input_mean=(0.5, 0.0), target_mean=(0.0,) * 2, scored=1, classes=2),
    loss=CrossEntropy(classes=2),
    baselines={
        "constant": Baseline("both classes equally likely", error=0.5, loss=math.log(2)),
        "half_solved": Baseline("one of the two bits known: no better", error=0.5, loss=math.log(2)),
    },
    sample=sample,
    steps=padded_steps,
    minimal_lag=marked_minimal_lag,
    shortest=10,
)
