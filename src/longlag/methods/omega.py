"""A plain tanh net with a term that keeps errors from vanishing, and clipping that keeps them from exploding.

The settings are the paper's (section 4.1): 50 units, sparse recurrent weights at spectral radius 0.95, small others,
batches of 20, learning rate 0.01, alpha = 4, the gradient's norm clipped at 1. The paper trains for up to 10^8
sequences.
"""

from longlag.cells.tanh_rnn import TanhRNN
from longlag.inits.sparse import SparseSpectral
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.optimisers.clipping import ClipNorm
from longlag.optimisers.omega import Omega, Regularised
from longlag.optimisers.sgd import SGD
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    start = SparseSpectral(0.95, connections=15, input_scale=0.01, output_scale=0.01)
    sgd = SGD(learning_rate=0.01, clipping=ClipNorm(1.0), batch=20)
    return Parts(TanhRNN(hidden=50), start, Regularised(sgd, Omega(alpha=4.0)), as_given(traits))


METHOD = Method(
    name="omega",
    label="clipping with a regulariser",
    summary="plain tanh RNN, SGD, gradient norm clipped at 1, a term that keeps the errors' norm from step to step",
    reference="Pascanu, Mikolov & Bengio 2013, section 3.3",
    version=2,
    build=build,
    tune={
        "optimiser.base.learning_rate": Range(1e-3, 1.0),
        "optimiser.term.alpha": Range(0.1, 10.0),
        "init.input_scale": Range(1e-3, 1.0),
    },
)
