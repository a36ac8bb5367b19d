"""Sparse recurrent weights at a chosen spectral radius: the ESN-style start of a net that is then trained.

Sutskever, Martens, Dahl & Hinton 2013, section 4 and table 4: 15 incoming connections per unit, spectral radius 1.1,
dense Gaussian input and output weights of a chosen scale, biases zero. The input scale is the sensitive number.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from longlag.inits.base import Shapes, dense, sparse_columns, spectral_radius
from longlag.ranges import COUNT, NON_NEGATIVE, part


@part
class SparseSpectral:
    """W_hh with `connections` weights into each unit, scaled to `spectral_radius`; W_xh and W_hy dense, N(0, scale^2);
    biases 0."""

    spectral_radius: Annotated[float, NON_NEGATIVE] = 1.1
    connections: Annotated[int, COUNT] = 15
    input_scale: Annotated[float, NON_NEGATIVE] = 0.1
    output_scale: Annotated[float, NON_NEGATIVE] = 0.1

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        scales = {"W_xh": self.input_scale, "W_hy": self.output_scale}
        recurrent = sparse_columns(rng, shapes["W_hh"][0], self.connections)
        drawn = {"W_hh": recurrent * (self.spectral_radius / spectral_radius(recurrent))}
        return drawn | dense(rng, {name: shape for name, shape in shapes.items() if name != "W_hh"}, scales)
