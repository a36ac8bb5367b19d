"""A baseline that hears nothing: the best constant answer, fitted by ridge regression on no features.

It measures the plateau on which training starts. Of classes it minimises the squared error against one-hot targets, so
that its loss is no cross-entropy; of a logistic output it fits what goes into the logistic function. The share wrong is
that of the declared constant answer, but where the loss and the criterion like different constants (multiplication).
"""

from longlag.methods.base import Method, Parts
from longlag.methods.time_average import averaged
from longlag.readouts import NoFeatures
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    return averaged(traits, hidden=1, features=NoFeatures())


METHOD = Method(
    name="constant",
    label="constant answer",
    summary="baseline: the mean target, whatever the input",
    reference="Hochreiter & Schmidhuber 1997, section 5",
    version=2,
    build=build,
)
