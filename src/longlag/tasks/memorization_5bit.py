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

import numpy as np

from longlag.tasks._memorization import memorization

_BITS = 5
_MESSAGES = 2**_BITS


def _messages(rng: np.random.Generator, n: int) -> np.ndarray:
    """The most significant bit first; all messages, once each, where n is their number."""
    codes = np.arange(n) if n == _MESSAGES else rng.integers(0, _MESSAGES, size=n)
    return codes >> np.arange(_BITS)[::-1, None] & 1


TASK = memorization(
    "memorization_5bit",
    label="5-bit memory",
    reference="Martens & Sutskever 2011; Pascanu, Mikolov & Bengio 2013 (code)",
    symbols=_BITS,
    values=2,
    draw=_messages,
    constant="both symbols equally likely",
    half_solved=(3, "three of the five symbols known"),
    population=_MESSAGES,
)
