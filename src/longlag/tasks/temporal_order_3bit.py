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

import math

from longlag.tasks._temporal_order import temporal_order
from longlag.tasks.base import Baseline

TASK = temporal_order(
    "temporal_order_3bit",
    label="3-bit temporal order",
    version=1,
    reference="Hochreiter & Schmidhuber 1997, experiment 6b; Martens & Sutskever 2011",
    tenths=(1, 3, 6),
    baselines={
        "constant": Baseline("all eight classes equally likely", error=0.875, loss=math.log(8)),
        "half_solved": Baseline("the last two symbols known, the first guessed", error=0.5, loss=math.log(2)),
    },
)
