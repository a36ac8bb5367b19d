"""Random permutation with the papers' loss: predict every next symbol, of which only the last can be known.

The sequences are those of `random_permutation`; the net predicts the next of a hundred symbols at every step, and is
judged by the last alone. All other targets are noise worth ln 98 nats each, so that the one gradient that matters is
a T-th of the whole. One sequence at T = 10:

    step    1  2  3  4  5  6  7  8  9 10
    symbol  1 57 23 86 23 41  9 70 62 35
    target 57 23 86 23 41  9 70 62 35  1

Hochreiter & Schmidhuber 1997, task 2b with p = 100; Martens & Sutskever 2011.
Deviations: (1) softmax and argmax at the last step, where the 1997 text asks for all outputs within 0.25. The declared
losses are those of long sequences; the last step, where only two symbols are possible, takes less than 4 / T off them.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np
from torch import Tensor

from longlag.losses import CrossEntropy
from longlag.ranges import part
from longlag.tasks import random_permutation
from longlag.tasks.base import EVERY_STEP, Baseline, Batch, Task

_LOSS = math.log(random_permutation.TASK.traits.roles.count("distractor"))  # of a guess at the next symbol


@part
class JudgedByTheLast:
    """A loss at every step whose answers are judged at the last; the others are never wrong."""

    every: CrossEntropy
    name: Literal["cross_entropy"] = "cross_entropy"

    def value(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self.every.value(outputs, targets)

    def gradient(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self.every.gradient(outputs, targets)

    def hessian_product(self, outputs: Tensor, tangent: Tensor) -> Tensor:
        return self.every.hessian_product(outputs, tangent)

    def wrong(self, outputs: Tensor, targets: Tensor) -> Tensor:
        wrong = self.every.wrong(outputs, targets)
        wrong[:, :-1] = False
        return wrong

    def encode(self, targets: Tensor) -> Tensor:
        return self.every.encode(targets)


def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
    x, symbol = random_permutation.symbols(rng, lag, n)
    return Batch(x, np.zeros(n, dtype=np.int64), symbol[1:])


TASK = Task(
    name="random_permutation_every_step",
    label="every-step permutation",
    version=1,
    reference="Hochreiter & Schmidhuber 1997, task 2b; Martens & Sutskever 2011",
    traits=replace(random_permutation.TASK.traits, scored=EVERY_STEP),
    loss=JudgedByTheLast(CrossEntropy(random_permutation.TASK.traits.classes)),
    baselines={
        "constant": Baseline("any distractor, and at the end one of the two relevant symbols", error=0.5, loss=_LOSS),
        "half_solved": Baseline("one bit has no half: as the constant", error=0.5, loss=_LOSS),
    },
    sample=sample,
    steps=lambda lag: lag,
    minimal_lag=lambda lag: lag - 1,
    shortest=2,
)
