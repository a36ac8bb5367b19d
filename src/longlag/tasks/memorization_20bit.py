"""Noiseless memorisation of ten symbols of five values: hear a message, keep it through T silent steps, replay it.

Inputs, one-hot: five data symbols (0-4), blank (.), cue (!). The message fills the first ten steps; T blanks follow;
the cue comes with the first recall step; the net replays the message in the last ten. One sequence at T = 3:

    step    1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23
    input   3  0  4  4  1  2  0  3  2  1  .  .  .  !  .  .  .  .  .  .  .  .  .
    target                                         3  0  4  4  1  2  0  3  2  1

Martens & Sutskever 2011, in the layout of Pascanu et al. 2013 (code). Ten symbols of five values are 23.2 bits, the
20 of the name being an understatement: 9,765,625 messages, so that training and test sets do not meet.
Deviations: (1) trained and scored on the ten recall steps only, not on the blanks before them; "right at every step"
is a secondary column.
"""

from __future__ import annotations

import math

import numpy as np

from longlag.losses import CrossEntropy
from longlag.tasks._sequences import message_silence_cue
from longlag.tasks.base import Baseline, Batch, Task, Traits, one_hot

_SYMBOLS, _VALUES, _BLANK, _CUE, _CHANNELS = 10, 5, 5, 6, 7


def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
    message = rng.integers(0, _VALUES, size=(_SYMBOLS, n))
    symbol = message_silence_cue(message, lag, _BLANK, _CUE)
    return Batch(one_hot(symbol, _CHANNELS), np.zeros(n, dtype=np.int64), message)


TASK = Task(
    name="memorization_20bit",
    version=1,
    reference="Martens & Sutskever 2011; Pascanu, Mikolov & Bengio 2013 (code)",
    traits=Traits(
        "replay",
        ("symbol",) * _VALUES + ("blank", "cue"),
        input_mean=(0.0,) * _VALUES + (1.0, 0.0),
        target_mean=(0.0,) * (_VALUES + 1),
        scored=_SYMBOLS,
        classes=_VALUES + 1,
    ),
    loss=CrossEntropy(classes=_VALUES + 1),
    baselines={
        "constant": Baseline("all five symbols equally likely", error=1 - _VALUES**-_SYMBOLS, loss=math.log(_VALUES)),
        "half_solved": Baseline(
            "five of the ten symbols known", error=1 - _VALUES ** -(_SYMBOLS // 2), loss=math.log(_VALUES) / 2
        ),
    },
    sample=sample,
    steps=lambda lag: lag + 2 * _SYMBOLS,
    minimal_lag=lambda lag: lag + _SYMBOLS,
    shortest=1,
    idle_class=_BLANK,
)
