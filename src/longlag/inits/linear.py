"""Starts of cells of linear recurrences, whose time constants are set relative to the lag.

A time constant is the number of steps in which a state falls to 1/e. The longest is `times` times the lag, so that a
setting found at one lag means the same at another.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from longlag.inits.base import Shapes
from longlag.ranges import COUNT, POSITIVE, Interval, part


@part
class Ring:
    """Of an `LRU`: lambda uniform on a ring in the complex plane (Orvieto et al. 2023, lemma 3.2).

    |lambda| = exp(-1 / c); the longest time constant c is `times` times the lag, the shortest `shortest` times as long,
    and |lambda|^2 is uniform. Within the lag a mode turns at most `turns` times, and at most once a step.
    gamma = sqrt(1 - |lambda|^2), so that white noise keeps its variance (equation 7). Weights N(0, 1 / fan_in), skips
    N(0, 1), biases 0.
    """

    lag: Annotated[int, COUNT]
    times: Annotated[float, POSITIVE] = 1.0
    shortest: Annotated[float, Interval(0, 1, open_low=True, open_high=True)] = 0.1
    turns: Annotated[float, POSITIVE] = 1.0

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        drawn = _dense(rng, shapes)
        for name in [name for name in shapes if name.startswith("nu_")]:
            low, high = (np.exp(-2 / (share * self.times * self.lag)) for share in (self.shortest, 1.0))
            square = rng.uniform(low, high, shapes[name])
            phases = rng.uniform(0, 2 * np.pi * min(self.turns / self.lag, 1.0), shapes[name])
            block = name.removeprefix("nu_")
            drawn[name] = np.log(-np.log(square) / 2)
            drawn[f"theta_{block}"] = np.log(phases)
            drawn[f"gamma_{block}"] = np.log1p(-square) / 2
            drawn[f"skip_{block}"] = rng.standard_normal(shapes[f"skip_{block}"])
        return drawn


@part
class UpdateRate:
    """Of a `MinGRU`: its gates start with time constants between 1 / sigmoid(0) = 2 steps and `times` times the lag,
    log-uniform. Weights N(0, 1 / fan_in), other biases 0."""

    lag: Annotated[int, COUNT]
    times: Annotated[float, POSITIVE] = 1.0

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        drawn = _dense(rng, shapes)
        for name in [name for name in shapes if name.startswith("b_") and name not in ("b_h", "b_y")]:
            hidden = shapes[name][0] // 2
            steps = np.exp(rng.uniform(np.log(2), np.log(max(self.times * self.lag, 2)), hidden))
            drawn[name][:hidden] = -np.log(steps - 1)
        return drawn


def _dense(rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
    return {
        name: rng.standard_normal(shape) / np.sqrt(shape[0]) if name.startswith("W") else np.zeros(shape)
        for name, shape in shapes.items()
    }
