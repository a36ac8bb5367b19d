"""Temporal order of three symbols: which of the eight sequences XXX, XXY, ..., YYY was hidden among distractors?

Six symbols, one-hot: two relevant (X, Y) and four distractors (a-d). Relevant symbols stand in [T/10, 2T/10),
[3T/10, 4T/10) and [6T/10, 7T/10); their sequence is asked for at the last step. One sequence at T = 20, class XYX:

    step    1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20
    symbol  c  a  X  d  b  b  a  Y  d  a  c  a  d  X  b  c  b  a  d  c
    target                                                         XYX

Hochreiter & Schmidhuber 1997, experiment 6b, in the windows of Martens & Sutskever 2011.
Deviations from the 1997 text: (1) fixed length T; (2) no start and trigger symbols; (3) softmax and argmax instead of
eight outputs within 0.3. The staircase has two steps: the last symbol, then the last two.
"""

from __future__ import annotations

import math

import numpy as np

from longlag.losses import CrossEntropy
from longlag.tasks._sequences import symbols_in_windows
from longlag.tasks.base import Baseline, Batch, Traits, one_hot

_WINDOWS, _RELEVANT, _SYMBOLS = (1, 3, 6), 2, 6  # tenths of the sequence


class TemporalOrder3Bit:
    name = "temporal_order_3bit"
    version = 1
    reference = "Hochreiter & Schmidhuber 1997, experiment 6b; Martens & Sutskever 2011"
    traits = Traits(
        "symbols", ("symbol",) * 2 + ("distractor",) * 4, input_mean=(0.0,) * 2 + (0.25,) * 4,
        target_mean=(0.0,) * 8, scored=1, classes=8,
    )  # fmt: skip
    loss = CrossEntropy(classes=8)
    baselines = {  # noqa: RUF012 - a constant table
        "constant": Baseline("all eight classes equally likely", error=0.875, loss=math.log(8)),
        "half_solved": Baseline("the last two symbols known, the first guessed", error=0.5, loss=math.log(2)),
    }
    shortest = 10
    population = None
    idle_class = None

    def steps(self, lag: int) -> int:
        return lag

    def minimal_lag(self, lag: int) -> int:
        return lag - 7 * lag // 10

    def sample(self, rng: np.random.Generator, lag: int, n: int) -> Batch:
        symbol, relevant = symbols_in_windows(rng, lag, n, _WINDOWS, _RELEVANT, _SYMBOLS)
        y = 4 * relevant[0] + 2 * relevant[1] + relevant[2]
        return Batch(one_hot(symbol, _SYMBOLS), np.zeros(n, dtype=np.int64), y[None])


TASK = TemporalOrder3Bit()
