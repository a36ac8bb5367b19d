"""Minimal GRUs: two layers whose gates hear the input alone. The start reads the lag: time constants reach up to it."""

from longlag.cells.mingru import MinGRU
from longlag.inits.linear import UpdateRate
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.optimisers.adam import Adam
from longlag.optimisers.clipping import ClipNorm
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    return Parts(MinGRU(), UpdateRate(lag), Adam(learning_rate=3e-3, clipping=ClipNorm(1.0)), as_given(traits))


METHOD = Method(
    name="mingru",
    label="minGRU",
    summary="two layers of minimal GRUs, time constants up to the lag, Adam, gradient norm clipped at 1",
    reference="Feng et al. 2024",
    version=1,
    build=build,
    tune={"optimiser.learning_rate": Range(3e-4, 3e-2), "init.times": Range(0.1, 10.0)},
)
