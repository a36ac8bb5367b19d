"""A plain recurrent net in float64 with its derivatives written out: the lecture's own, with any kind of units.

    forward    h_t = f(a_t),  a_t = h_{t-1} W_hh + x_t W_xh + b_h
    backward   d a_t = f'(a_t) d h_t,   d h_{t-1} += d a_t W_hh^T

Axes: T time, B sequence, H hidden, X input. Slopes are taken of the pre-activation, 1 / cosh^2 a rather than 1 - h^2,
so that they stay right where a unit is so saturated that h rounds to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Unit:
    """A squashing function; steepest: its largest slope. low, high: the ends of its open range."""

    name: str
    function: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    steepest: float
    low: float
    high: float


def _sigmoid(a: Array) -> Array:
    small = np.exp(-np.abs(a))  # at most 1: never overflows
    return np.where(a >= 0, 1.0, small) / (1 + small)


LOGISTIC = Unit("logistic", _sigmoid, lambda a: _sigmoid(a) * _sigmoid(-a), 0.25, 0.0, 1.0)
TANH = Unit("tanh", np.tanh, lambda a: 4 * _sigmoid(2 * a) * _sigmoid(-2 * a), 1.0, -1.0, 1.0)
LINEAR = Unit("linear", lambda a: a, np.ones_like, 1.0, -np.inf, np.inf)
UNITS = (LOGISTIC, TANH)


@dataclass(frozen=True)
class Run:
    """A forward pass: x [T, B, X], pre-activations a [T, B, H], states h [T+1, B, H], slopes [T, B, H].

    Of one sequence, without the axis B.
    """

    x: Array
    a: Array
    h: Array
    slopes: Array


@dataclass(frozen=True)
class Net:
    """W_hh [H, H], W_xh [X, H], b_h [H]."""

    unit: Unit
    W_hh: Array
    W_xh: Array
    b_h: Array

    def step(self, h: Array) -> Array:
        """One step of states [..., H] without input."""
        return self.unit.function(h @ self.W_hh + self.b_h)

    def run(self, x: Array, start: Array) -> Run:
        """The forward pass over x [T, B, X] from the states start [B, H]; of one sequence, x [T, X] and start [H]."""
        a, h = np.empty((len(x), *start.shape)), np.empty((len(x) + 1, *start.shape))
        h[0] = start
        for t in range(len(x)):
            a[t] = h[t] @ self.W_hh + x[t] @ self.W_xh + self.b_h
            h[t + 1] = self.unit.function(a[t])
        return Run(x, a, h, self.unit.slope(a))

    def backward(self, run: Run, d_states: Array) -> dict[str, Array]:
        """Every derivative from those that the outputs send into the states h_1 ... h_T, d_states [T, B, H].

        "h" [T+1, B, H] holds dL/dh_t with everything that reaches it; the others are those of the parameters.
        """
        d_h, d_a = np.zeros_like(run.h), np.empty_like(run.a)
        d_h[1:] = d_states
        for t in reversed(range(len(run.a))):
            d_a[t] = d_h[t + 1] * run.slopes[t]
            d_h[t] += d_a[t] @ self.W_hh.T
        flat = d_a.reshape(-1, d_a.shape[-1])
        return {
            "h": d_h,
            "W_hh": run.h[:-1].reshape(len(flat), -1).T @ flat,
            "W_xh": run.x.reshape(len(flat), -1).T @ flat,
            "b_h": flat.sum(0),
        }

    def jacobians(self, run: Run, sequence: int = 0) -> Array:
        """dh_t/dh_{t-1} of one sequence at every step, [T, H, H], acting from the right: d h_t = d h_{t-1} J_t."""
        return self.W_hh * run.slopes[:, sequence, None, :]


def gaussian(rng: np.random.Generator, unit: Unit, hidden: int, inputs: int, scale: float, drive: float = 1.0) -> Net:
    """W_hh ~ N(0, scale^2 / H), W_xh ~ N(0, drive^2 / X), no biases."""
    recurrent = scale / np.sqrt(hidden) * rng.standard_normal((hidden, hidden))
    inward = drive / np.sqrt(max(inputs, 1)) * rng.standard_normal((inputs, hidden))
    return Net(unit, recurrent, inward, np.zeros(hidden))


def centred(weights: Array) -> Array:
    """Biases [H] that take away what logistic units at rest, at 1/2, send along the weights [H, H].

    With them and four times its recurrent weights a logistic net moves exactly as a tanh net: h = (1 + tanh(a/2)) / 2,
    so that a/2 = tanh(a'/2) W_hh / 4.
    """
    return -weights.sum(0) / 2
