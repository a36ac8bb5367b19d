"""LSTM whose gates start with time constants spread over all lags up to the task's: it reads the nominal lag T."""

from longlag.cells.lstm import LSTM
from longlag.inits.gates import Chrono
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.optimisers.adam import Adam
from longlag.optimisers.clipping import ClipNorm
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    optimiser = Adam(learning_rate=3e-3, clipping=ClipNorm(1.0))
    return Parts(LSTM(hidden=32), Chrono(longest=float(lag)), optimiser, as_given(traits))


METHOD = Method(
    name="lstm_chrono",
    label="LSTM (chrono)",
    summary="LSTM, chrono-initialised gates, Adam, gradient norm clipped at 1",
    reference="Tallec & Ollivier 2018, section 2",
    version=2,
    build=build,
    tune={"optimiser.learning_rate": Range(3e-4, 3e-2)},
)
