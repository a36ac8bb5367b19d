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

import numpy as np

from longlag.tasks._memorization import memorization

_SYMBOLS, _VALUES = 10, 5


def _messages(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(0, _VALUES, size=(_SYMBOLS, n))


TASK = memorization(
    "memorization_20bit",
    label="20-bit memory",
    reference="Martens & Sutskever 2011; Pascanu, Mikolov & Bengio 2013 (code)",
    symbols=_SYMBOLS,
    values=_VALUES,
    draw=_messages,
    constant="all five symbols equally likely",
    half_solved=(5, "five of the ten symbols known"),
)
