"""Noiseless memorisation of five bits: hear a message, keep it through a silence of T steps, replay it in order.

Inputs, one-hot: two data symbols (0, 1), blank (.), cue (!). The message fills the first five steps; T blanks follow;
the cue comes with the first recall step; the net replays the message in the last five. One sequence at T = 6:

    step    1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16
    input   0  1  1  0  1  .  .  .  .  .  .  !  .  .  .  .
    target                                   0  1  1  0  1

Hochreiter & Schmidhuber's successors' task: Martens & Sutskever 2011, in the layout of Pascanu et al. 2013 (code).
Every symbol is replayed T + 5 steps after it was heard. There are only 32 messages: training set and test set are
both all of them, and solved means none wrong.
Deviations: (1) trained and scored on the five recall steps only, not on the blanks before them; "right at every
step" is a secondary column.
"""

from __future__ import annotations

import math

import numpy as np

from longlag.losses import CrossEntropy
from longlag.tasks._sequences import message_silence_cue
from longlag.tasks.base import Baseline, Batch, Task, Traits, one_hot

_BITS, _BLANK, _CUE, _CHANNELS = 5, 2, 3, 4
_MESSAGES = 2**_BITS


def sample(rng: np.random.Generator, lag: int, n: int) -> Batch:
    codes = np.arange(n) if n == _MESSAGES else rng.integers(0, _MESSAGES, size=n)
    message = codes >> np.arange(_BITS)[::-1, None] & 1  # [5, n], most significant bit first
    symbol = message_silence_cue(message, lag, _BLANK, _CUE)
    return Batch(one_hot(symbol, _CHANNELS), np.zeros(n, dtype=np.int64), message)


TASK = Task(
    name="memorization_5bit",
    version=1,
    reference="Martens & Sutskever 2011; Pascanu, Mikolov & Bengio 2013 (code)",
    traits=Traits(
        "replay",
        ("symbol", "symbol", "blank", "cue"),
        input_mean=(0.0, 0.0, 1.0, 0.0),
        target_mean=(0.0,) * 3,
        scored=_BITS,
        classes=3,
    ),
    loss=CrossEntropy(classes=3),
    baselines={
        "constant": Baseline("both symbols equally likely", error=1 - 2**-_BITS, loss=math.log(2)),
        "half_solved": Baseline("three of the five symbols known", error=0.75, loss=0.4 * math.log(2)),
    },
    sample=sample,
    steps=lambda lag: lag + 2 * _BITS,
    minimal_lag=lambda lag: lag + _BITS,
    shortest=1,
    population=_MESSAGES,
    idle_class=2,
)
