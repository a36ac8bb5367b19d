"""Reservoirs of an echo state network: drawn once, never trained.

`EchoState`: sparse random recurrent weights at a chosen spectral radius (Jaeger 2001). `DelayLine`: one ring of equal
weights (Rodan & Tino 2011, "simple cycle reservoir"); at weight 1 and weak inputs it hands on what it heard, unit by
unit, and forgets nothing until an input has gone round.
Input weights have one scale per channel, or one per role (`ByRole`): how strongly each *kind* of input drives the
reservoir is a design decision.
`InputOnly`: input weights alone, for features without recurrence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

import numpy as np

from longlag.inits.base import Shapes, sparse_columns, spectral_radius
from longlag.ranges import COUNT, NON_NEGATIVE, part


@part
class ByRole:
    """Input scales by the role of a channel (`Traits.roles`); None for a role that no channel has."""

    roles: tuple[str, ...]
    value: Annotated[float, NON_NEGATIVE] | None = None
    marker: Annotated[float, NON_NEGATIVE] | None = None
    symbol: Annotated[float, NON_NEGATIVE] | None = None
    distractor: Annotated[float, NON_NEGATIVE] | None = None
    blank: Annotated[float, NON_NEGATIVE] | None = None
    cue: Annotated[float, NON_NEGATIVE] | None = None

    @classmethod
    def of(cls, roles: tuple[str, ...], scales: Mapping[str, float]) -> ByRole:
        """Scales for the roles that some channel has: 1 for those that `scales` does not name."""
        return cls(roles, **{role: scales.get(role, 1.0) for role in roles})

    def __iter__(self) -> Iterator[float]:
        """The scale of each channel."""
        return (getattr(self, role) for role in self.roles)


@part
class EchoState:
    """W_hh sparse, with `connections` weights into each unit, at `spectral_radius`; W_xh N(0, scale of the channel^2),
    b_h N(0, bias_scale^2), W_yh N(0, feedback_scale^2); the readout is zero.
    """

    spectral_radius: Annotated[float, NON_NEGATIVE]
    input_scales: tuple[Annotated[float, NON_NEGATIVE], ...] | ByRole
    bias_scale: Annotated[float, NON_NEGATIVE]
    connections: Annotated[int, COUNT] = 10
    feedback_scale: Annotated[float, NON_NEGATIVE] = 0.0

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        recurrent = sparse_columns(rng, shapes["W_hh"][0], self.connections)
        return _with_readout(shapes) | {
            "W_hh": recurrent * (self.spectral_radius / spectral_radius(recurrent)),
            "W_xh": rng.standard_normal(shapes["W_xh"]) * _column(self.input_scales),
            "b_h": rng.standard_normal(shapes["b_h"]) * self.bias_scale,
            **_feedback(rng, shapes, self.feedback_scale),
        }


@part
class DelayLine:
    """W_hh one ring of equal weights; W_xh of random signs and one size per channel; W_yh N(0, feedback_scale^2);
    biases and readout are zero.
    """

    input_scales: tuple[Annotated[float, NON_NEGATIVE], ...] | ByRole
    weight: Annotated[float, NON_NEGATIVE] = 1.0
    feedback_scale: Annotated[float, NON_NEGATIVE] = 0.0

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        hidden = shapes["W_hh"][0]
        signs = rng.choice([-1.0, 1.0], size=shapes["W_xh"])
        return _with_readout(shapes) | {
            "W_hh": self.weight * np.roll(np.eye(hidden), 1, axis=1),
            "W_xh": signs * _column(self.input_scales),
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


def _column(scales: tuple[float, ...] | ByRole) -> np.ndarray:
    """The scales of the channels, [X, 1]."""
    return np.array(tuple(scales))[:, None]


def _with_readout(shapes: Shapes) -> dict[str, np.ndarray]:
    return {"W_hy": np.zeros(shapes["W_hy"]), "b_y": np.zeros(shapes["b_y"])}


def _feedback(rng: np.random.Generator, shapes: Shapes, scale: float) -> dict[str, np.ndarray]:
    return {"W_yh": scale * rng.standard_normal(shapes["W_yh"])} if "W_yh" in shapes else {}
