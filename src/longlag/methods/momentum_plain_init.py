"""An ablation: ESN init + momentum from the control's dense Gaussian start, and nothing else.

The start of all weights is one factor: spectral radius 1 rather than 1.1, dense rather than sparse, and inputs that
drive the net harder.
"""

from dataclasses import replace

from longlag.inits.gaussian import Gaussian
from longlag.methods import esn_momentum
from longlag.methods.base import Method, Parts
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    return replace(esn_momentum.build(traits, lag), init=Gaussian())


METHOD = Method(
    name="momentum_plain_init",
    label="momentum, plain init",
    summary="ablation of esn_momentum: the control's Gaussian start",
    reference="Sutskever, Martens, Dahl & Hinton 2013, section 4",
    version=esn_momentum.METHOD.version,
    build=build,
    tune=esn_momentum.METHOD.tune,
)
