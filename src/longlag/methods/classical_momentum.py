"""An ablation: ESN init + momentum with classical momentum in place of Nesterov's, and nothing else.

The gradient is taken where the parameters are, not where the velocity will have carried them. The paper compares the
two in its table 5; its own settings of both are variants in `config/papers/sutskever2013.yaml`.
"""

from dataclasses import replace

from longlag.methods import esn_momentum
from longlag.methods.base import Parts, ablation
from longlag.optimisers.momentum import Momentum
from longlag.optimisers.nesterov import Nesterov


def _classical(parts: Parts) -> Parts:
    given = parts.optimiser
    assert isinstance(given, Nesterov)
    return replace(parts, optimiser=Momentum(given.learning_rate, given.momentum, given.clipping, given.batch))


METHOD = ablation(
    esn_momentum.METHOD,
    "classical momentum",
    _classical,
    name="classical_momentum",
    label="classical momentum",
    reference="Sutskever, Martens, Dahl & Hinton 2013, equations 1 and 2",
)
