"""Recurrent matrices that keep the length of a state: the identity, and random orthogonal matrices.

`Identity`: for rectified units (Le, Jaitly & Hinton 2015, section 2), which then keep what they hold until an input
changes it. `Orthogonal`: for a tanh net (Saxe, McClelland & Ganguli 2014; Vorontsov et al. 2017, section 3).

Both can be scaled. What a scale does depends on the lag: a state is multiplied by it once per step. The setting is
therefore the product of all of them, the gain over the lag G, and the scale is G^(1 / lag).
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from longlag.inits.base import Shapes, dense
from longlag.ranges import COUNT, NON_NEGATIVE, POSITIVE, part


@part
class Identity:
    """W_hh = G^(1 / lag) times the identity; W_xh and W_hy N(0, scale^2) with scales of their own; biases 0."""

    lag: Annotated[int, COUNT]
    gain_over_lag: Annotated[float, POSITIVE] = 1.0
    input_scale: Annotated[float, NON_NEGATIVE] = 0.001
    output_scale: Annotated[float, NON_NEGATIVE] = 0.001

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        drawn = dense(rng, shapes, {"W_xh": self.input_scale, "W_hy": self.output_scale})
        return drawn | {"W_hh": self.gain_over_lag ** (1 / self.lag) * np.eye(shapes["W_hh"][0])}


@part
class Orthogonal:
    """W_hh = G^(1 / lag) times a uniformly distributed orthogonal matrix; W_xh and W_hy N(0, gain^2 / fan_in); biases
    0."""

    lag: Annotated[int, COUNT]
    gain_over_lag: Annotated[float, POSITIVE] = 1.0
    input_gain: Annotated[float, NON_NEGATIVE] = 1.0
    output_gain: Annotated[float, NON_NEGATIVE] = 1.0

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        gains = {"W_xh": self.input_gain, "W_hy": self.output_gain}
        drawn = dense(rng, shapes, {name: gain / np.sqrt(shapes[name][0]) for name, gain in gains.items()})
        return drawn | {"W_hh": self.gain_over_lag ** (1 / self.lag) * orthogonal(rng, shapes["W_hh"])}


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A uniformly distributed orthogonal matrix of that (square) shape."""
    q, r = np.linalg.qr(rng.standard_normal(shape))
    signs = np.where(np.diag(r) < 0, -1.0, 1.0)  # without them Q is not uniform: Mezzadri 2007, section 5
    return q * signs
