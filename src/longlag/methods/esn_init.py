"""An ablation: ESN init + momentum with the momentum left out, and nothing else.

Without momentum mu a step is 1 - mu times as long: at the parent's learning rate this method moves 50 times less per
update. A comparison at equal effective step must retune the learning rate (`longlag tune`); the space is declared.
"""

from longlag.methods import esn_momentum
from longlag.methods.base import Range, ablation
from longlag.settings import with_values

METHOD = ablation(
    esn_momentum.METHOD,
    "momentum zero",
    lambda parts: with_values(parts, {"optimiser.momentum.late": 0.0}),
    name="esn_init",
    label="ESN init alone",
    reference="Sutskever, Martens, Dahl & Hinton 2013, table 5",
    tune={"optimiser.learning_rate.value": Range(1e-3, 1.0)},
)
