"""Temporal order of three symbols in the format of 1997: start and trigger symbols, random length, eight outputs.

The sequences are those of `temporal_order_1997` with three relevant symbols: at T = 100 at steps 10 to 20, 33 to 43
and 66 to 76, and in proportion at other T. Their sequence is the class. One sequence at T = 20, class XYX:

    step    1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20
    symbol  E  a  X  d  b  b  a  Y  d  a  c  a  d  X  b  c  b  a  d  B
    target                                                         XYX

Hochreiter & Schmidhuber 1997, experiment 6b (T = 100). An answer is right if all eight logistic outputs are within 0.3
of 1 at the class and 0 elsewhere; half their squared error is minimised. `temporal_order_3bit` is this task in the
format of later papers. Deviations: none known at T = 100, the only length of the paper.
"""

from longlag.tasks._experiments_1997 import of_symbols

TASK = of_symbols(
    "temporal_order_3bit_1997",
    label="3-bit temporal order of 1997",
    reference="Hochreiter & Schmidhuber 1997, experiment 6b",
    windows=((10, 20), (33, 43), (66, 76)),
)
