"""A plain tanh net started like an echo state network and trained with Nesterov momentum.

Sutskever et al. 2013, section 4: 15 connections per unit, spectral radius 1.1, centred inputs and outputs.
Deviations: (1) input scale 0.1 (0.05 for replay), where the paper has 0.001 for marked values and 0.1 for memory; (2)
momentum 0.98 after 1000 updates, one of the four that the paper tried (0.995 was its best); (3) the gradient's
norm is clipped at 1, without which runs are thrown back to chance; (4) learning rates of 3e-3 (classes) and 1e-2
(real targets, replay) on loss means per step, within budgets far below 50,000 updates. 3e-3 is the better of 1e-3 and
3e-3 on xor at T = 30, temporal order and random permutation at T = 50, tuning seeds.
"""

from longlag.cells.tanh_rnn import TanhRNN
from longlag.inits.sparse import SparseSpectral
from longlag.methods.base import Method, Parts, Range, centred
from longlag.optimisers.clipping import ClipNorm
from longlag.optimisers.nesterov import Nesterov
from longlag.optimisers.schedules import Constant, WarmMomentum
from longlag.tasks.base import Traits

_INPUT_SCALE = {"marked": 0.1, "symbols": 0.1, "replay": 0.05}


def build(traits: Traits, lag: int) -> Parts:
    init = SparseSpectral(1.1, connections=15, input_scale=_INPUT_SCALE[traits.kind], output_scale=0.1)
    rate = Constant(1e-2 if traits.kind == "replay" or not traits.classes else 3e-3)
    optimiser = Nesterov(rate, momentum=WarmMomentum(late=0.98), clipping=ClipNorm(1.0))
    return Parts(TanhRNN(hidden=100), init, optimiser, centred(traits))


METHOD = Method(
    name="esn_momentum",
    label="ESN init + momentum",
    summary="plain tanh RNN, sparse start at spectral radius 1.1, Nesterov momentum, centring, clipping",
    reference="Sutskever, Martens, Dahl & Hinton 2013, section 4",
    version=5,
    build=build,
    tune={
        "optimiser.learning_rate.value": Range(1e-4, 1e-1),
        "optimiser.momentum.late": Range(0.9, 0.999),
        "init.input_scale": Range(0.003, 1.0),
    },
)
