"""A baseline that hears nothing: the best constant answer, fitted by ridge regression on no features.

It measures on every task what the declared constant baseline says by arithmetic: the plateau on which training starts.
"""

from longlag.cells.time_average import TimeAverage
from longlag.inits.reservoirs import InputOnly
from longlag.losses import OneHotError
from longlag.methods.base import Method, Parts, as_given
from longlag.optimisers.ridge import Ridge
from longlag.readouts import Float64, NoFeatures
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    loss = OneHotError(traits.classes) if traits.classes else None
    return Parts(TimeAverage(hidden=1), InputOnly(), Ridge(), as_given(traits), Float64(NoFeatures()), loss=loss)


METHOD = Method(
    name="constant",
    label="constant",
    summary="baseline: the mean target, whatever the input",
    reference="Hochreiter & Schmidhuber 1997, section 5",
    version=2,
    build=build,
)
