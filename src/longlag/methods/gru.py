"""GRU with its update gates open to the past at the start (bias 1): the idea of an LSTM with fewer gates."""

from longlag.cells.gru import GRU
from longlag.inits.gates import ForgetBias
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.optimisers.adam import Adam
from longlag.optimisers.clipping import ClipNorm
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    return Parts(GRU(hidden=32), ForgetBias(1.0), Adam(learning_rate=3e-3, clipping=ClipNorm(1.0)), as_given(traits))


METHOD = Method(
    name="gru",
    label="GRU",
    summary="GRU, update-gate bias 1, Adam, gradient norm clipped at 1",
    reference="Cho et al. 2014",
    version=1,
    build=build,
    tune={"optimiser.learning_rate": Range(3e-4, 3e-2)},
)
