"""The net without a remedy: a plain tanh net trained by stochastic gradient descent, nothing clipped."""

from longlag.cells.tanh_rnn import TanhRNN
from longlag.inits.gaussian import Gaussian
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.optimisers.sgd import SGD
from longlag.tasks.base import Traits

_LEARNING_RATE = {"marked": 0.032, "symbols": 0.013, "replay": 0.075}  # by `longlag tune`, results/reference/tuning.csv


def build(traits: Traits, lag: int) -> Parts:
    return Parts(TanhRNN(hidden=100), Gaussian(), SGD(learning_rate=_LEARNING_RATE[traits.kind]), as_given(traits))


METHOD = Method(
    name="control",
    label="plain RNN (control)",
    summary="plain tanh RNN, SGD, no clipping: the net without a remedy",
    reference="Elman 1990; Werbos 1990",
    version=4,
    build=build,
    tune={"optimiser.learning_rate": Range(1e-4, 1.0), "init.recurrent_gain": Range(0.5, 2.0)},
)
