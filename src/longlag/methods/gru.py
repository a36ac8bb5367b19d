"""GRU whose update gates keep the past at the start for as long as the task's lag: an LSTM with fewer gates."""

from longlag.cells.gru import GRU
from longlag.inits.gates import TimeConstant
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.optimisers.adam import Adam
from longlag.optimisers.clipping import ClipNorm
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    optimiser = Adam(learning_rate=3e-3, clipping=ClipNorm(1.0))
    return Parts(GRU(hidden=32), TimeConstant(float(lag)), optimiser, as_given(traits))


METHOD = Method(
    name="gru",
    label="GRU",
    summary="GRU, update-gate bias log T, Adam, gradient norm clipped at 1",
    reference="Cho et al. 2014; Tallec & Ollivier 2018 (bias log T)",
    version=2,
    build=build,
    tune={"optimiser.learning_rate": Range(3e-4, 0.1), "init.times": Range(0.03, 10)},
)
