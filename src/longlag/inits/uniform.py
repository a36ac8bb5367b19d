"""Uniform weights of one range: where random weight guessing looks (Hochreiter & Schmidhuber 1997, section 5)."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from longlag.inits.base import Shapes
from longlag.ranges import POSITIVE, part


@part
class Uniform:
    """Every weight and bias U[-bound, bound]."""

    bound: Annotated[float, POSITIVE]

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        return {name: rng.uniform(-self.bound, self.bound, size=shape) for name, shape in shapes.items()}
