"""What attractors make of the starts of a small tanh net without input: basins, the watershed, dh_T/dh_0.

A watershed is the stable manifold of a saddle, so orbits that start on it end there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from longlag.lecture.tools.nets import Array, Net

REACH = 10.0  # decades by which theory says that the watershed's derivative has grown at the horizon
_FURTHEST = 200  # steps
_SETTLED = 800  # steps after which an orbit is at its attractor


def settle(net: Net, h: Array, steps: int = _SETTLED) -> Array:
    """States [..., H] after many steps."""
    for _ in range(steps):
        h = net.step(h)
    return h


def derivative(net: Net, h: Array, steps: int) -> Array:
    """||dh_T/dh_0|| (spectral norm) for T = 1 to `steps`: [steps, ...] from states [..., H]."""
    product, norms = np.broadcast_to(np.eye(h.shape[-1]), (*h.shape, h.shape[-1])), []
    for _ in range(steps):
        h = net.step(h)
        product = product @ _jacobian(net, h)
        norms.append(np.linalg.norm(product, 2, axis=(-2, -1)))
    return np.stack(norms)


def _jacobian(net: Net, after: Array) -> Array:
    """dh_t/dh_{t-1} [..., H, H] at the states [..., H] after the step: dh_t = dh_{t-1} W diag(1 - h_t^2)."""
    return net.W_hh * (1 - after**2)[..., None, :]


def spectrum(net: Net, h: Array) -> Array:
    """|eigenvalues| of the Jacobian at a fixed point [H], the largest first."""
    return np.sort(np.abs(np.linalg.eigvals(_jacobian(net, net.step(h)))))[::-1]


def grid(points: int) -> Array:
    """Starts on the square [-1, 1]^2, [points, points, 2]; the first unit runs along the second axis."""
    axis = np.linspace(-1, 1, points)
    return np.stack(np.meshgrid(axis, axis), -1)


def attractors(net: Net, points: int = 15) -> Array:
    """The stable fixed points at which starts on a grid settle, [n, 2], by first coordinate."""
    ends = settle(net, grid(points).reshape(-1, 2))
    fixed = np.unique(np.round(ends[np.abs(net.step(ends) - ends).max(1) < 1e-9], 6), axis=0)
    return fixed[[spectrum(net, point)[0] < 1 for point in fixed]]  # a start may lie on the watershed exactly


@dataclass(frozen=True)
class Landscape:
    """A net with two attractors [2, 2], and where the cut between them meets the watershed."""

    net: Net
    attractors: Array
    share: float  # of the way from the first attractor to the second
    saddle: Array

    def on_cut(self, share: float | Array) -> Array:
        """States [..., 2] at these shares of the way."""
        first, second = self.attractors
        return first + np.asarray(share)[..., None] * (second - first)

    @property
    def watershed(self) -> Array:
        """The state [2] at which the cut meets the watershed."""
        return self.on_cut(self.share)

    @property
    def rates(self) -> tuple[float, float]:
        """Theory: the saddle's largest |eigenvalue|, and the larger spectral radius of the attractors."""
        inside = max(spectrum(self.net, a)[0] for a in self.attractors)
        return float(spectrum(self.net, self.saddle)[0]), float(inside)

    @property
    def horizon(self) -> int:
        """T at which the watershed's derivative should have grown by `REACH` decades."""
        return int(min(REACH / np.log10(max(self.rates[0], 1 + 1e-9)), _FURTHEST))


def landscape(net: Net, ends: Array) -> Landscape:
    """The watershed between the attractors of two states [2, 2], by bisection to the last bit, and its saddle."""
    ends = settle(net, ends)
    low, high = 0.0, 1.0
    cut = Landscape(net, ends, 0.5, ends[0])
    for _ in range(60):
        middle = (low + high) / 2
        end = settle(net, cut.on_cut(middle))
        low, high = (middle, high) if np.abs(end - ends[0]).max() < 1e-6 else (low, middle)
    return Landscape(net, ends, low, _saddle(net, cut.on_cut(low)))


def _saddle(net: Net, h: Array) -> Array:
    """The unstable fixed point near which the orbit of a state on the watershed is slowest, by Newton's method."""
    orbit = [h]
    for _ in range(60):
        orbit.append(net.step(orbit[-1]))
    steps = [np.abs(after - before).max() for before, after in pairwise(orbit)]
    h = orbit[int(np.argmin(steps[: max(2, len(steps) // 2)]))]
    for _ in range(20):
        after = net.step(h)
        h = h - np.linalg.solve((_jacobian(net, after) - np.eye(2)).T, after - h)
    return h
