"""Temporal order: which of XX, XY, YX, YY was hidden among distractors, in that order?

Six symbols, one-hot: two relevant (X, Y) and four distractors (a-d). One relevant symbol stands in [T/10, 2T/10), the
other in [5T/10, 6T/10); the class (first, second) is asked for at the last step. One sequence at T = 20, class XY:

    step    1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20
    symbol  c  a  X  d  b  b  a  c  d  a  c  Y  d  a  b  c  b  a  d  c
    target                                                          XY

Hochreiter & Schmidhuber 1997, experiment 6a, in the windows of Martens & Sutskever 2011.
Deviations from the 1997 text: (1) fixed length T; (2) no start and trigger symbols; (3) softmax and argmax instead of
four outputs within 0.3. The second symbol alone halves the uncertainty, which is the staircase gradient methods climb.
"""

import math

from longlag.tasks._temporal_order import temporal_order
from longlag.tasks.base import Baseline

TASK = temporal_order(
    "temporal_order",
    label="temporal order",
    version=1,
    reference="Hochreiter & Schmidhuber 1997, experiment 6a; Martens & Sutskever 2011",
    tenths=(1, 5),
    baselines={
        "constant": Baseline("all four classes equally likely", error=0.75, loss=math.log(4)),
        "half_solved": Baseline("the second symbol known, the first guessed", error=0.5, loss=math.log(2)),
    },
)
