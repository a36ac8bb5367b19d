"""Linear recurrent units: the memory is linear, diagonal and complex; what is nonlinear stands between its layers.

The start reads the lag: time constants and turns are relative to it. The paper tunes both, as radii and phases.
"""

from longlag.cells.lru import LRU
from longlag.inits.linear import Ring
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.optimisers.adam import Adam
from longlag.optimisers.clipping import ClipNorm
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    return Parts(LRU(), Ring(lag), Adam(learning_rate=3e-3, clipping=ClipNorm(1.0)), as_given(traits))


METHOD = Method(
    name="lru",
    label="LRU",
    summary="two blocks of linear recurrent units, ring start, Adam, gradient norm clipped at 1",
    reference="Orvieto et al. 2023",
    version=1,
    build=build,
    tune={
        "optimiser.learning_rate": Range(3e-4, 3e-2),
        "init.times": Range(0.1, 100.0),
        "init.turns": Range(0.01, 10.0),
    },
)
