"""LSTM with its forget gates open at the start (bias 1): it remembers a little before it has learned anything."""

from longlag.cells.lstm import LSTM
from longlag.inits.gates import ForgetBias
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.optimisers.adam import Adam
from longlag.optimisers.clipping import ClipNorm
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    return Parts(LSTM(hidden=32), ForgetBias(1.0), Adam(learning_rate=3e-3, clipping=ClipNorm(1.0)), as_given(traits))


METHOD = Method(
    name="lstm",
    label="LSTM",
    summary="LSTM, forget-gate bias 1, Adam, gradient norm clipped at 1",
    reference="Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000; Jozefowicz et al. 2015",
    version=3,
    build=build,
    tune={"optimiser.learning_rate": Range(3e-4, 3e-2)},
)
