"""GRU whose update gates start with time constants spread over all lags up to the task's: it reads the lag T."""

from dataclasses import replace

from longlag.inits.gates import UpdateChrono
from longlag.methods import gru
from longlag.methods.base import Method, Parts
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    return replace(gru.build(traits, lag), init=UpdateChrono(float(lag)))


METHOD = Method(
    name="gru_chrono",
    label="chrono GRU",
    summary="GRU, chrono-initialised update gates, Adam, gradient norm clipped at 1",
    reference="Tallec & Ollivier 2018, section 2",
    version=1,
    build=build,
    tune=gru.METHOD.tune,
)
