"""The start of the first LSTM: uniform weights, and input gates that begin shut, each more than the one before."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from longlag.inits.base import Shapes
from longlag.ranges import NON_NEGATIVE, POSITIVE, part


@part
class ClosedGates:
    """All weights and biases U[-bound, bound], but the input gate of block k = 1, 2, ...: its bias is -k `closed`.

    Shut gates keep a state from drifting while it holds nothing of use (Hochreiter & Schmidhuber 1997, section 4).
    """

    bound: Annotated[float, POSITIVE] = 0.1
    closed: Annotated[float, NON_NEGATIVE] = 3.0

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        drawn = {name: rng.uniform(-self.bound, self.bound, shape) for name, shape in shapes.items()}
        hidden = shapes["W_hy"][0]
        blocks = (shapes["b_h"][0] - hidden) // 2
        drawn["b_h"][hidden : hidden + blocks] = -self.closed * np.arange(1, blocks + 1)
        return drawn
