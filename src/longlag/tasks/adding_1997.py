"""Adding in the format of 1997: one logistic output, half the squared error, and a flag at both ends.

Each step shows a pair: a value u_t ~ U[-1,1], and a second component that is 1 at two marked steps, -1 at the first
and the last step, and 0 elsewhere. One of the first ten steps is marked, then one of the first T/2 - 1 that are not
yet; lengths are uniform in [T, 1.1 T]. The target at the last step is 0.5 + (X1 + X2) / 4. Where the first step is
marked its flag stays -1 and its value is 0. One sequence at T = 20 (six steps in the middle are left out):

    step      1    2    3    4    5    6    7    8  ...   15   16   17   18   19   20
    value   .38 -.91  .07  .62 -.55  .20  .84 -.13  ... -.47  .70  .31 -.22  .58 -.66
    second   -1    .    1    .    .    .    1    .  ...    .    .    .    .    .   -1
    target                                                                   .5 + (.07 + .84) / 4 = .73

Hochreiter & Schmidhuber 1997, experiment 4 (T = 100, 500 and 1000). An answer is right within 0.04. `adding` is this
task in the format of later papers. Deviations: none known. The baselines are those of long sequences, a tenth of which
have their first step marked.
"""

from __future__ import annotations

import numpy as np

from longlag.tasks._experiments_1997 import of_pairs
from longlag.tasks.base import Baseline


def target(pair: np.ndarray) -> np.ndarray:
    """[2, n] -> [n]."""
    return np.float32(0.5) + (pair[0] + pair[1]) / 4


TASK = of_pairs(
    "adding_1997",
    label="adding of 1997",
    reference="Hochreiter & Schmidhuber 1997, experiment 4",
    low=-1.0,
    neutral=0.0,
    combine=target,
    mean=0.5,
    baselines={
        "constant": Baseline("always the mean, 0.5", error=0.9 * (1 - 0.1536) + 0.1 * 0.84, loss=1.9 / 96),
        "half_solved": Baseline("the first number known", error=0.84, loss=1 / 96),
    },
)
