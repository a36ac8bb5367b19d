"""Random permutation: the first of T random symbols comes again after the last; which of two was it?

A hundred symbols, one-hot: the first step shows 0 or 1, all others one of 98 distractors, drawn independently (the
papers' name is wrong: nothing is permuted). The net sees T symbols and predicts the next, which is the first again.
One sequence at T = 10:

    step    1  2  3  4  5  6  7  8  9 10
    symbol  1 57 23 86 23 41  9 70 62 35
    target                             1

Hochreiter & Schmidhuber 1997, task 2b with p = 100; Martens & Sutskever 2011; length and loss of Pascanu et al. 2013
(code). The relevant symbol is heard once, at the first step, and 98 input channels carry noise.
Deviations: (1) only the last prediction is trained and scored; `random_permutation_every_step` trains all.
There are a hundred outputs, as in the papers, although only two are ever right: a net must learn that first.
"""

from __future__ import annotations

import math

import numpy as np

from longlag.losses import CrossEntropy
from longlag.tasks._sequences import first_again
from longlag.tasks.base import Baseline, Batch, Task, Traits, one_hot

_RELEVANT, _SYMBOLS = 2, 100


def symbols(rng: np.random.Generator, lag: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """x [T, n, 100], the first T of T + 1 symbols, and all of them [T + 1, n]."""
    symbol = first_again(rng, lag, n, _RELEVANT, _SYMBOLS)
    return one_hot(symbol[:-1], _SYMBOLS), symbol


def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
    x, symbol = symbols(rng, lag, n)
    return Batch(x, np.zeros(n, dtype=np.int64), symbol[-1:])


TASK = Task(
    name="random_permutation",
    label="random permutation",
    version=1,
    reference="Hochreiter & Schmidhuber 1997, task 2b; Martens & Sutskever 2011; Pascanu et al. 2013 (code)",
    traits=Traits(
        "symbols",
        ("symbol",) * _RELEVANT + ("distractor",) * (_SYMBOLS - _RELEVANT),
        input_mean=(0.0,) * _RELEVANT + (1 / (_SYMBOLS - _RELEVANT),) * (_SYMBOLS - _RELEVANT),
        target_mean=(0.0,) * _SYMBOLS,
        scored=1,
        classes=_SYMBOLS,
    ),
    loss=CrossEntropy(classes=_SYMBOLS),
    baselines={
        "constant": Baseline("one of the two relevant symbols", error=0.5, loss=math.log(2)),
        "half_solved": Baseline("one bit has no half: as the constant", error=0.5, loss=math.log(2)),
    },
    sample=sample,
    steps=lambda lag: lag,
    minimal_lag=lambda lag: lag - 1,
    shortest=2,
)
