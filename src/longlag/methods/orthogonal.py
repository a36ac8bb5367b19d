"""A plain tanh net whose recurrent matrix starts orthogonal: neither states nor errors shrink or grow at first."""

from longlag.cells.tanh_rnn import TanhRNN
from longlag.inits.isometric import Orthogonal
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.optimisers.adam import Adam
from longlag.optimisers.clipping import ClipNorm
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    optimiser = Adam(learning_rate=1e-3, clipping=ClipNorm(1.0))
    return Parts(TanhRNN(hidden=100), Orthogonal(lag), optimiser, as_given(traits))


METHOD = Method(
    name="orthogonal",
    label="orthogonal start",
    summary="plain tanh RNN, orthogonal start, Adam, gradient norm clipped at 1",
    reference="Saxe, McClelland & Ganguli 2014; Vorontsov et al. 2017",
    version=1,
    build=build,
    tune={
        "optimiser.learning_rate": Range(3e-4, 3e-2),
        "init.gain_over_lag": Range(0.1, 10.0),
        "init.input_gain": Range(0.03, 3.0),
    },
)
