"""Parity: is the number of ones in a string of T bits odd? One bit of state that every input may change.

Two symbols, one-hot: 0 and 1, fair and independent. The class at the last step is the parity of all T bits.
One sequence at T = 10, class 1:

    step    1  2  3  4  5  6  7  8  9 10
    bit     0  1  1  1  0  0  1  0  1  0
    target                             1

Hochreiter & Schmidhuber 1997, section 6 (500-step parity as a problem like the strongly delayed XOR); as a test of
state tracking Sarrof, Veitsman & Hahn 2024 and Grazzi et al. 2025.
Deviations: (1) all sequences of a lag have its length, where the later papers train on short strings and test on long
ones; (2) softmax and argmax.
The lag is a length here. The *minimal lag* is 0, for the last bit stands at the scored step; what grows with T is the
number of times that the state must be changed or kept without one mistake. Knowing all bits but one is worth nothing,
so that there is no slope to climb. A linear recurrence whose readout is linear (or quadratic) in the state computes a
polynomial of degree 1 (or 2) of the bits, and parity is uncorrelated with every polynomial of degree below T: the
squared error stays that of a constant, however long it is trained. (The class with the larger output is right a little
more often than by chance: one class from T/2 ones on and the other below is right in 62 % at T = 10, 54 % at T = 100.)
A net whose state steers its recurrence can flip one unit.
"""

from __future__ import annotations

import math

import numpy as np

from longlag.losses import CrossEntropy
from longlag.tasks.base import Baseline, Batch, Task, Traits, one_hot


def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
    bits = rng.integers(0, 2, size=(lag, n))
    return Batch(one_hot(bits, 2), np.zeros(n, dtype=np.int64), bits.sum(0, keepdims=True) % 2)


TASK = Task(
    name="parity",
    label="parity",
    version=1,
    reference="Hochreiter & Schmidhuber 1997, section 6; Sarrof, Veitsman & Hahn 2024; Grazzi et al. 2025",
    traits=Traits("symbols", ("symbol",) * 2, input_mean=(0.5, 0.5), target_mean=(0.0,) * 2, scored=1, classes=2),
    loss=CrossEntropy(classes=2),
    baselines={
        "constant": Baseline("both classes equally likely", error=0.5, loss=math.log(2)),
        "half_solved": Baseline("all bits but one known: no better", error=0.5, loss=math.log(2)),
    },
    sample=sample,
    steps=lambda lag: lag,
    minimal_lag=lambda lag: 0,
    shortest=2,
)
