"""A baseline that learns nothing: small nets with all weights drawn at random again and again, the best one kept.

Hochreiter & Schmidhuber 1997 (section 5) found that guessing solves several tasks once thought hard, and ask that a
benchmark of long time lags be shown to resist it. Deviations: (1) a tanh net of five units for every task.
"""

from longlag.cells.tanh_rnn import TanhRNN
from longlag.inits.uniform import Uniform
from longlag.methods.base import Method, Parts, as_given
from longlag.optimisers.guessing import Guessing
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    weights = Uniform(bound=100.0)
    return Parts(TanhRNN(hidden=5), weights, Guessing(weights, batch=100), as_given(traits))


METHOD = Method(
    name="random_guessing",
    label="random guessing",
    summary="baseline: a small tanh net, all weights drawn afresh at every step, the best kept",
    reference="Hochreiter & Schmidhuber 1997, section 5; Schmidhuber, Hochreiter & Bengio 2001",
    version=4,
    build=build,
)
