"""Temporal order in the format of 1997: start and trigger symbols, random length, four logistic outputs.

Eight symbols, one-hot: two relevant (X, Y), four distractors (a-d), a start (E) and a trigger (B) at the end. Lengths
are uniform in [T, 1.1 T]. One relevant symbol stands at a step from T/10 to 2T/10, the other from 5T/10 to 6T/10; the
class (first, second) is asked for at the trigger. One sequence at T = 20, class XY:

    step    1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20
    symbol  E  a  X  d  b  b  a  c  d  a  c  Y  d  a  b  c  b  a  d  B
    target                                                          XY

Hochreiter & Schmidhuber 1997, experiment 6a (T = 100: lengths 100 to 110, symbols at steps 10 to 20 and 50 to 60). An
answer is right if all four outputs are within 0.3 of 1 at the class and 0 elsewhere; half their squared error is
minimised. `temporal_order` is this task in the format of later papers. Deviations: none known at T = 100, the only
length of the paper. A readout that is fitted to ones and zeros (`esn`) does not give logistic outputs: it is always
wrong here.
"""

from longlag.tasks._experiments_1997 import of_symbols

TASK = of_symbols(
    "temporal_order_1997",
    label="temporal order of 1997",
    reference="Hochreiter & Schmidhuber 1997, experiment 6a",
    windows=((10, 20), (50, 60)),
)
