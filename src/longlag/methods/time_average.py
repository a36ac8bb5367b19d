"""A baseline without order: a ridge readout of random features of single inputs, averaged over time.

What it solves needs no memory of when things happened. It has one design for all tasks and knows nothing of the lag or
of the roles of channels. With the inputs themselves instead of features it could not tell a marked value from another.
"""

from longlag.cells.time_average import TimeAverage
from longlag.inits.reservoirs import InputOnly
from longlag.losses import OneHotError
from longlag.methods.base import Method, Parts, as_given
from longlag.optimisers.ridge import Ridge
from longlag.readouts import Float64, Linear, Readout
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    return averaged(traits, hidden=200, features=Linear())


def averaged(traits: Traits, hidden: int, features: Readout) -> Parts:
    """A ridge readout of features of the average over time of `hidden` random features of single inputs."""
    loss = OneHotError(traits.classes) if traits.classes else None
    return Parts(TimeAverage(hidden), InputOnly(), Ridge(), as_given(traits), Float64(features), loss=loss)


METHOD = Method(
    name="time_average",
    label="time average",
    summary="baseline: ridge readout of random features of single inputs, averaged over time",
    reference="Rahimi & Recht 2007 (random features); Raffel & Ellis 2015 (averages over time)",
    version=3,
    build=build,
)
