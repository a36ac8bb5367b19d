"""Latch: was the first number of a noisy sequence +1 or -1?

One real input. The first step shows +1 or -1; all others are noise, N(0, 0.2). Lengths are uniform in [T, 1.1 T], and
no step says that the sequence ends. The class (0 for -1, 1 for +1) is asked for at the last step.
One sequence at T = 10, class 1:

    step    1    2    3    4    5    6    7    8    9   10
    input  1.0 -.31  .52 -.08 -.67  .25  .44 -.19  .90 -.12
    target                                              1

Hochreiter & Schmidhuber 1997, task 3a (the two-sequence problem) with N = 1, the harder of its two variants: N = 3
shows the number three times. It is the latch of Bengio, Simard & Frasconi 1994 with a noisy silence.
Deviations: (1) softmax and argmax instead of one output within 0.2 of 0 or 1.
Nothing tells the informative step from the others but its place, and noise follows for as long as the net must hold
the bit: `kind` is "symbols" as the nearest there is, but no symbol can be recognised. The sum of all inputs betrays
the class a little: its sign is right with probability Phi(1 / sqrt(0.2 (T' - 1))), 70 % at 20 steps, 59 % at 100 and
53 % at 1000. `time_average`, which can count inputs of exactly +1, has 4 % wrong at T = 10. The 1997
text warns that random guessing of weights solves this problem.
"""

from __future__ import annotations

import math

import numpy as np

from longlag.losses import CrossEntropy
from longlag.tasks._sequences import padded_steps, random_starts
from longlag.tasks.base import Baseline, Batch, Task, Traits

_NOISE = np.float32(math.sqrt(0.2))  # standard deviation


def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
    steps, start = padded_steps(lag), random_starts(rng, lag, n)
    bit = rng.integers(0, 2, size=n)
    x = rng.standard_normal((steps, n)).astype(np.float32) * _NOISE
    x[np.arange(steps)[:, None] < start] = 0.0
    x[start, np.arange(n)] = 2 * bit - 1
    return Batch(x[..., None], start, bit[None])


TASK = Task(
    name="latch",
    label="latch",
    version=1,
    reference="Hochreiter & Schmidhuber 1997, task 3a; Bengio, Simard & Frasconi 1994",
    traits=Traits("symbols", ("value",), input_mean=(0.0,), target_mean=(0.0,) * 2, scored=1, classes=2),
    loss=CrossEntropy(classes=2),
    baselines={
        "constant": Baseline("both classes equally likely", error=0.5, loss=math.log(2)),
        "half_solved": Baseline("one bit has no half: as the constant", error=0.5, loss=math.log(2)),
    },
    sample=sample,
    steps=padded_steps,
    minimal_lag=lambda lag: lag - 1,
    shortest=2,
)
