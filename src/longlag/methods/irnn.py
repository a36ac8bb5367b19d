"""A net of rectified linear units whose recurrent matrix starts as the identity: a unit holds what it has.

Deviations from the paper: Adam in the place of SGD, as for the gated nets, and a search of its learning rate. The paper
searched learning rate and clipping for each task over several orders of magnitude.
"""

from longlag.cells.relu_rnn import ReluRNN
from longlag.inits.isometric import Identity
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.optimisers.adam import Adam
from longlag.optimisers.clipping import ClipNorm
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    return Parts(ReluRNN(hidden=100), Identity(lag), Adam(learning_rate=1e-4, clipping=ClipNorm(1.0)), as_given(traits))


METHOD = Method(
    name="irnn",
    label="identity start (IRNN)",
    summary="ReLU RNN, identity start, Adam, gradient norm clipped at 1",
    reference="Le, Jaitly & Hinton 2015",
    version=1,
    build=build,
    tune={
        "optimiser.learning_rate": Range(1e-5, 0.1),
        "init.gain_over_lag": Range(0.1, 10.0),
        "init.input_scale": Range(1e-3, 1.0),
    },
)
