"""LSTM whose forget gates open at the start for as long as the task's lag: it reads the nominal lag T.

Every unit has the same time constant, about T (forget bias log T); a bias of 1 is a time constant of 3.7 steps, which
no lag of the ladder is. The chrono LSTM differs in two things: its units are spread over all time constants up to T,
and its input gates start as closed as its forget gates are open.
"""

from longlag.cells.lstm import LSTM
from longlag.inits.gates import TimeConstant
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.optimisers.adam import Adam
from longlag.optimisers.clipping import ClipNorm
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    optimiser = Adam(learning_rate=3e-3, clipping=ClipNorm(1.0))
    return Parts(LSTM(hidden=32), TimeConstant(float(lag)), optimiser, as_given(traits))


METHOD = Method(
    name="lstm",
    label="LSTM",
    summary="LSTM, forget-gate bias log T, Adam, gradient norm clipped at 1",
    reference="Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000; Tallec & Ollivier 2018 (bias log T)",
    version=4,
    build=build,
    tune={"optimiser.learning_rate": Range(3e-5, 3e-2), "init.times": Range(0.1, 10)},
)
