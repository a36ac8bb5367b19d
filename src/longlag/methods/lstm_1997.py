"""The LSTM of 1997 with its training: two or three blocks of two cells, no forget gate, one sequence for each update.

Sizes and biases are the paper's (sections 5.4 and 5.6): input-gate biases -3 and -6 for marked values, -2, -4 and -6
for symbols. Deviations: (1) these biases on all tasks of a kind, where the paper has them for adding and temporal order
and random ones for multiplication; (2) outputs are linear and have the task's loss, where the paper has logistic
outputs and squared error; the learning rate is therefore not the paper's 0.5 and 0.1. On the tasks of 1997
(`adding_1997` and others) the loss is the paper's; config/papers/hochreiter1997.yaml sets the paper's rates, and starts
multiplication with biases of zero.
"""

from longlag.cells.lstm_1997 import LSTM1997
from longlag.inits.closed_gates import ClosedGates
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.optimisers.sgd import SGD
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    blocks = 3 if traits.classes == 8 else 2  # experiment 6b has eight classes
    start = ClosedGates(closed=3.0 if traits.kind == "marked" else 2.0)
    return Parts(LSTM1997(2 * blocks, blocks), start, SGD(learning_rate=0.1, batch=1), as_given(traits))


METHOD = Method(
    name="lstm_1997",
    label="LSTM of 1997",
    summary="two or three blocks of two cells, no forget gate, truncated gradient, SGD on single sequences",
    reference="Hochreiter & Schmidhuber 1997",
    version=1,
    build=build,
    tune={"optimiser.learning_rate": Range(1e-2, 1.0), "init.closed": Range(0.5, 5.0)},
)
