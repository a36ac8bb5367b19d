"""Distractors: one of two symbols at the start, many others after it, and an end that comes at random. Which was it?

54 symbols, one-hot: two relevant (X, Y), fifty distractors (numbers), begin (b) and end (e). A sequence is b, then X or
Y, T distractors, k more, and e, at which the class is asked for. k is random: before each further distractor the
sequence ends with probability 1/10, and after 49 of them always. One sequence at T = 6, k = 2, class Y:

    step    1  2  3  4  5  6  7  8  9 10 11
    symbol  b  Y 31  7 40 12 12 28  3 19  e
    target                                Y

Hochreiter & Schmidhuber 1997, task 2c with p = 50 distractors, the hardest of their numbers: with q = 1000 their LSTM
needed 203,000 sequences for p = 50 and 49,000 for p = 1000. The nominal lag T is their q, the minimal lag q + 1.
Deviations: (1) softmax and argmax over two classes instead of two outputs within 0.2; (2) k at most 49 (0.5 % of theirs
are longer). It needs no order: X or Y is heard once, and an average over time holds it too (`time_average` solves it at
T = 10). `random_permutation` (their 2b) differs in that all its sequences have one length, and a hundred outputs.
"""

from __future__ import annotations

import math

import numpy as np

from longlag.losses import CrossEntropy
from longlag.tasks.base import Baseline, Batch, Task, Traits, one_hot

_RELEVANT, _DISTRACTORS, _LONGEST_SUFFIX = 2, 50, 49
_BEGIN = _RELEVANT + _DISTRACTORS
_END, _SYMBOLS = _BEGIN + 1, _BEGIN + 2


def _steps(lag: int) -> int:
    """b, the relevant symbol, T distractors, the longest suffix, and e."""
    return lag + _LONGEST_SUFFIX + 3


def _suffixes(rng: np.random.Generator, n: int) -> np.ndarray:
    """k >= 0 of each sequence [n]: geometric of mean 9, cut at the longest."""
    ends = rng.integers(0, 10, size=(_LONGEST_SUFFIX + 1, n)) == 0
    ends[-1] = True
    return ends.argmax(0)


def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
    steps, each = _steps(lag), np.arange(n)
    start = _LONGEST_SUFFIX - _suffixes(rng, n)
    relevant = rng.integers(0, _RELEVANT, size=n)
    symbol = rng.integers(_RELEVANT, _BEGIN, size=(steps, n))
    symbol[start, each], symbol[start + 1, each], symbol[-1] = _BEGIN, relevant, _END
    x = one_hot(symbol, _SYMBOLS)
    x[np.arange(steps)[:, None] < start] = 0.0
    return Batch(x, start, relevant[None])


TASK = Task(
    name="distractors",
    label="distractors",
    version=1,
    reference="Hochreiter & Schmidhuber 1997, task 2c",
    traits=Traits(
        "symbols",
        roles=("symbol",) * _RELEVANT + ("distractor",) * _DISTRACTORS + ("cue",) * 2,
        input_mean=(0.0,) * _RELEVANT + (1 / _DISTRACTORS,) * _DISTRACTORS + (0.0,) * 2,
        target_mean=(0.0,) * _RELEVANT,
        scored=1,
        classes=_RELEVANT,
    ),
    loss=CrossEntropy(classes=_RELEVANT),
    baselines={
        "constant": Baseline("both classes equally likely", error=0.5, loss=math.log(2)),
        "half_solved": Baseline("one bit has no half: as the constant", error=0.5, loss=math.log(2)),
    },
    sample=sample,
    steps=_steps,
    minimal_lag=lambda lag: lag + 1,
    shortest=1,
)
