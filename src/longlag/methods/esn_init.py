"""An ablation: ESN init + momentum with the momentum left out, and nothing else.

Without momentum mu a step is 1 - mu times as long: at the parent's learning rate this method moves 50 times less per
update. A comparison at equal effective step must retune the learning rate (`longlag tune`); the space is declared.
"""

from longlag.methods import esn_momentum
from longlag.methods.base import Method, Parts, Range
from longlag.settings import with_values
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    return with_values(esn_momentum.build(traits, lag), {"optimiser.momentum.most": 0.0})


METHOD = Method(
    name="esn_init",
    label="ESN init",
    summary="ablation of esn_momentum: momentum zero",
    reference="Sutskever, Martens, Dahl & Hinton 2013, table 5",
    version=esn_momentum.METHOD.version,
    build=build,
    tune={"optimiser.learning_rate.value": Range(1e-3, 1.0)},
)
