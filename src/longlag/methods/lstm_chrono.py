"""LSTM whose gates start with time constants spread over all lags up to the task's: it reads the nominal lag T."""

from dataclasses import replace

from longlag.inits.gates import Chrono
from longlag.methods import lstm
from longlag.methods.base import Method, Parts, Range
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    return replace(lstm.build(traits, lag), init=Chrono(float(lag)))


METHOD = Method(
    name="lstm_chrono",
    label="chrono LSTM",
    summary="LSTM, chrono-initialised gates, Adam, gradient norm clipped at 1",
    reference="Tallec & Ollivier 2018, section 2",
    version=3,
    build=build,
    tune={"optimiser.learning_rate": Range(3e-4, 3e-2), "init.times": Range(0.1, 10)},
)
