"""Starts of gated nets: uniform weights, and gate biases that decide how long they remember before they have learned.

The forget gate's bias b sets a time constant 1 / (1 - sigmoid(b)) = 1 + e^b. `ForgetBias` gives every unit the same b
(Gers et al. 2000; Jozefowicz et al. 2015 recommend 1), `TimeConstant` the same time constant, in lags: b = log(times *
lag). `Chrono` spreads the units over all lags up to a maximum (Tallec & Ollivier 2018): b_f = log U(1, longest - 1),
b_i = -b_f, longest = times * lag, but at least 3 steps. An LSTM's gates are ordered i, f, g, o, a GRU's reset, update,
new. The update gate has the part of the forget gate, and the same place.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from longlag.inits.base import Shapes
from longlag.ranges import FINITE, POSITIVE, Interval, part

LAG = Interval(1)  # steps


@part
class ForgetBias:
    """Weights U(+-1/sqrt(H)); the biases of the forget or update gates all `bias`, other biases 0."""

    bias: Annotated[float, FINITE] = 1.0

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        drawn, hidden = _weights(rng, shapes), shapes["W_hh"][0]
        drawn["b_h"][hidden : 2 * hidden] = self.bias
        return drawn


@part
class TimeConstant:
    """Weights U(+-1/sqrt(H)); forget or update gates remember for about `times` lags, other biases 0."""

    lag: Annotated[float, LAG]
    times: Annotated[float, POSITIVE] = 1.0

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        return ForgetBias(math.log(self.times * self.lag)).draw(rng, shapes)


@part
class Chrono:
    """Of an LSTM. Weights U(+-1/sqrt(H)); time constants from 2 steps to `times` lags, input gates as closed as forget
    gates are open; other biases 0."""

    lag: Annotated[float, LAG]
    times: Annotated[float, POSITIVE] = 1.0

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        drawn, hidden = _weights(rng, shapes), shapes["W_hh"][0]
        forget = _spread(rng, self.times * self.lag, hidden)
        drawn["b_h"][hidden : 2 * hidden] = forget
        drawn["b_h"][:hidden] = -forget
        return drawn


@part
class UpdateChrono:
    """Of a GRU, whose update gate also closes its input. Weights and time constants as of `Chrono`."""

    lag: Annotated[float, LAG]
    times: Annotated[float, POSITIVE] = 1.0

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        drawn, hidden = _weights(rng, shapes), shapes["W_hh"][0]
        drawn["b_h"][hidden : 2 * hidden] = _spread(rng, self.times * self.lag, hidden)
        return drawn


def _spread(rng: np.random.Generator, longest: float, hidden: int) -> np.ndarray:
    """log U(1, longest - 1), [H]; log U(1, 2) where longest is below 3."""
    return np.log(rng.uniform(1, max(longest - 1, 2), size=hidden))


def _weights(rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
    bound = 1 / np.sqrt(shapes["W_hh"][0])
    return {
        name: rng.uniform(-bound, bound, size=shape) if name.startswith("W") else np.zeros(shape)
        for name, shape in shapes.items()
    }
