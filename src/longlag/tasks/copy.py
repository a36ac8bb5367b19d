"""Copy: hear ten letters of eight, keep them through T silent steps, recite them in order.

Inputs, one-hot: eight letters (0-7), blank (.), cue (!). The message fills the first ten steps; T - 1 blanks and the
cue follow; the net recites the message in the last ten, while it hears blanks. One sequence at T = 3:

    step    1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23
    input   3  0  7  4  1  2  0  6  5  1  .  .  !  .  .  .  .  .  .  .  .  .  .
    target                                         3  0  7  4  1  2  0  6  5  1

Arjovsky, Shah & Bengio 2016 (in the layout of their code), after Hochreiter & Schmidhuber 1997; also the copying task
of Tallec & Ollivier 2018 (T = 500 and 2000). It is `memorization_20bit` with eight values in the place of five
(30 bits a message, not 23) and the cue one step before the first recall, not on it. The lag is T + 10 in both.
Deviations: (1) trained and scored on the ten recall steps only, where the papers average the loss over all T + 20
steps, blanks included; (2) fresh messages, where the 2016 paper draws 100,000 once; (3) solved means ten letters right
in 99 % of sequences, where the papers show a loss. A loss per step of the papers is ours times 10 / (T + 20) for a net
that is right on blanks: the answer without memory costs ln 8 = 2.079 here and 10 ln 8 / (T + 20) there.
"""

from __future__ import annotations

import numpy as np

from longlag.tasks._memorization import memorization

_LETTERS, _VALUES = 10, 8


def messages(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(0, _VALUES, size=(_LETTERS, n))


TASK = memorization(
    "copy",
    label="copy",
    reference="Arjovsky, Shah & Bengio 2016; Tallec & Ollivier 2018",
    symbols=_LETTERS,
    values=_VALUES,
    draw=messages,
    constant="all eight letters equally likely",
    half_solved=(5, "five of the ten letters known"),
    cue_ahead=1,
)
