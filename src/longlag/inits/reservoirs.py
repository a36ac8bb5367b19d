"""Reservoirs of an echo state network: drawn once, never trained.

`EchoState`: sparse random recurrent weights at a chosen spectral radius (Jaeger 2001). `Cycle`: one ring of equal
weights, a delay line that forgets nothing at spectral radius 1 (Rodan & Tino 2011, "simple cycle reservoir").
Input weights have one scale per channel: how strongly each *kind* of input drives the reservoir is a design decision.
`InputOnly`: input weights alone, for features without recurrence.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from longlag.inits.base import Shapes, sparse_rows, spectral_radius
from longlag.ranges import COUNT, NON_NEGATIVE, part


@part
class EchoState:
    """W_hh sparse at `spectral_radius`; W_xh N(0, scale of the channel^2); b_h N(0, bias^2); W_yh N(0, feedback^2)."""

    spectral_radius: Annotated[float, NON_NEGATIVE]
    input_scales: tuple[Annotated[float, NON_NEGATIVE], ...]
    bias_scale: Annotated[float, NON_NEGATIVE]
    connections: Annotated[int, COUNT] = 10
    feedback_scale: Annotated[float, NON_NEGATIVE] = 0.0

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        recurrent = sparse_rows(rng, shapes["W_hh"][0], self.connections)
        return _with_readout(shapes) | {
            "W_hh": recurrent * (self.spectral_radius / spectral_radius(recurrent)),
            "W_xh": rng.standard_normal(shapes["W_xh"]) * np.asarray(self.input_scales)[:, None],
            "b_h": rng.standard_normal(shapes["b_h"]) * self.bias_scale,
            **_feedback(rng, shapes, self.feedback_scale),
        }


@part
class Cycle:
    """W_hh one ring of weights `spectral_radius`; W_xh of random signs and one size per channel; no bias."""

    spectral_radius: Annotated[float, NON_NEGATIVE]
    input_scales: tuple[Annotated[float, NON_NEGATIVE], ...]
    feedback_scale: Annotated[float, NON_NEGATIVE] = 0.0

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        hidden = shapes["W_hh"][0]
        signs = rng.choice([-1.0, 1.0], size=shapes["W_xh"])
        return _with_readout(shapes) | {
            "W_hh": self.spectral_radius * np.roll(np.eye(hidden), 1, axis=1),
            "W_xh": signs * np.asarray(self.input_scales)[:, None],
            "b_h": np.zeros(shapes["b_h"]),
            **_feedback(rng, shapes, self.feedback_scale),
        }


@part
class InputOnly:
    """W_xh N(0, input_scale^2) and b_h N(0, bias_scale^2): random features of single inputs, no recurrent weights."""

    input_scale: Annotated[float, NON_NEGATIVE] = 1.0
    bias_scale: Annotated[float, NON_NEGATIVE] = 1.0

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        return _with_readout(shapes) | {
            "W_xh": self.input_scale * rng.standard_normal(shapes["W_xh"]),
            "b_h": self.bias_scale * rng.standard_normal(shapes["b_h"]),
        }


def _with_readout(shapes: Shapes) -> dict[str, np.ndarray]:
    return {"W_hy": np.zeros(shapes["W_hy"]), "b_y": np.zeros(shapes["b_y"])}


def _feedback(rng: np.random.Generator, shapes: Shapes, scale: float) -> dict[str, np.ndarray]:
    return {"W_yh": scale * rng.standard_normal(shapes["W_yh"])} if "W_yh" in shapes else {}
