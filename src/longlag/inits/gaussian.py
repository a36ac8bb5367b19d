"""Dense Gaussian weights scaled by their fan-in: the usual start of a recurrent net."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from longlag.inits.base import Shapes, dense
from longlag.ranges import NON_NEGATIVE, part


@part
class Gaussian:
    """W ~ N(0, gain^2 / fan_in), biases 0. A recurrent gain of 1 puts the spectral radius near 1."""

    recurrent_gain: Annotated[float, NON_NEGATIVE] = 1.0
    input_gain: Annotated[float, NON_NEGATIVE] = 1.0
    output_gain: Annotated[float, NON_NEGATIVE] = 1.0

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        gains = {"W_xh": self.input_gain, "W_hh": self.recurrent_gain, "W_hy": self.output_gain}
        scales = {name: gain / np.sqrt(shapes[name][0]) for name, gain in gains.items() if name in shapes}
        return dense(rng, shapes, scales)
