"""The control with its gradient's norm clipped: a remedy of its own, for explosion and not for vanishing."""

from dataclasses import replace

from longlag.methods import control
from longlag.methods.base import Method, Parts, Range
from longlag.optimisers.clipping import ClipNorm
from longlag.optimisers.sgd import SGD
from longlag.tasks.base import Traits

_LEARNING_RATE = {"marked": 0.42, "symbols": 0.18, "replay": 0.18}  # by `longlag tune`, results/reference/tuning.csv


def build(traits: Traits, lag: int) -> Parts:
    optimiser = SGD(learning_rate=_LEARNING_RATE[traits.kind], clipping=ClipNorm(1.0))
    return replace(control.build(traits, lag), optimiser=optimiser)


METHOD = Method(
    name="clipping",
    label="gradient clipping",
    summary="the control with the gradient norm clipped at 1",
    reference="Pascanu, Mikolov & Bengio 2013, section 3.2",
    version=4,
    build=build,
    tune={
        "optimiser.learning_rate": Range(1e-3, 1.0),
        "init.recurrent_gain": Range(0.5, 2.0),
        "optimiser.clipping.threshold": Range(0.03, 3.0),
    },
)
