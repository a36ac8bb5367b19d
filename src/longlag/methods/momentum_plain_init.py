"""An ablation: ESN init + momentum from the control's dense Gaussian start, and nothing else.

The start of all weights is one factor: spectral radius 1 rather than 1.1, dense rather than sparse, and inputs that
drive the net harder.
"""

from dataclasses import replace

from longlag.inits.gaussian import Gaussian
from longlag.methods import esn_momentum
from longlag.methods.base import ablation

METHOD = ablation(
    esn_momentum.METHOD,
    "the control's Gaussian start",
    lambda parts: replace(parts, init=Gaussian()),
    name="momentum_plain_init",
    label="momentum from a plain init",
    reference="Sutskever, Martens, Dahl & Hinton 2013, section 4",
    tune={path: space for path, space in esn_momentum.METHOD.tune.items() if not path.startswith("init.")},
)
