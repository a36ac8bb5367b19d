"""A baseline without order that is trained: a small feed-forward net of the average over time of its features.

What it solves needs a combination of what was seen, and no memory of when. It has one design for all tasks and knows
nothing of the lag or of the roles of channels. After Raffel & Ellis 2015; deviations: (1) clipping, (2) one learning
rate for all tasks, (3) a linear output.
"""

from longlag.cells.average_net import AverageNet
from longlag.inits.gaussian import Gaussian
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.optimisers.adam import Adam
from longlag.optimisers.clipping import ClipNorm
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    return Parts(AverageNet(), Gaussian(), Adam(learning_rate=3e-3, clipping=ClipNorm(1.0)), as_given(traits))


METHOD = Method(
    name="trained_average",
    label="trained average",
    summary="baseline: feed-forward net of an average over time, Adam, gradient norm clipped at 1",
    reference="Raffel & Ellis 2015",
    version=1,
    build=build,
    tune={"optimiser.learning_rate": Range(3e-4, 3e-2)},
)
