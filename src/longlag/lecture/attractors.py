"""Claim 7: attractors. Inside a basin the derivative by the start state vanishes, on the watershed it explodes.

A map of two units, h_t = tanh(h_{t-1} W + b), is written down with two attractors; a second one *learns* to latch one
bit through noise. Of both: basins, the map of ||dh_T/dh_0||, a cut through it, and the growth of the contrast with T.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from longlag.cells.tanh_rnn import TanhRNN
from longlag.lecture.base import Claim, Exercise, Finding, Number, over_seeds, verdict
from longlag.losses import SquaredError
from longlag.model import Model
from longlag.objective import Meter, Objective, Tensors
from longlag.optimisers.adam import Adam
from longlag.optimisers.clipping import ClipNorm
from longlag.rng import stream

ZERO, HUGE = 2.0**-24, 2.0**24  # rounding of float32: a start that leaves no trace; a rounding error that decides
_TOLERANCE = 0.05  # of a rate per step
_REACH = 10.0  # decades by which theory says that the watershed's derivative has grown at the horizon
_FURTHEST = 200  # steps
_SETTLED = 800  # steps after which an orbit is at its attractor

CLAIM = Claim(
    number=7,
    slug="attractors",
    title="Attractors: zero inside, huge on the watershed",
    sentence="Where a net has attractors, the derivative of the final state by the start state is zero inside their "
    "basins and huge on the watershed between them: gradients vanish and explode in one and the same net.",
    quantity="spectral norm of dh_T/dh_0 of two-unit tanh nets, two attractors written down and a bit latched by "
    "training; rates per step inside and on the watershed",
    threshold="Inside, the norm falls like rho(J)^T with J the Jacobian at the attractor; on the watershed, the "
    "stable manifold of a saddle, it grows like the saddle's largest |eigenvalue|^T (chain rule along an orbit that "
    "converges to a fixed point; Bengio, Simard & Frasconi 1994, section 4): measured rates within 5 % of both. Zero "
    "means below 2^-24 (a start changed by 1 leaves no trace in float32), huge above 2^24 (a rounding error decides "
    "the outcome), at the horizon T where the saddle's rate has made 10^10; zero on 99 % of the square of starts, "
    "since the strip that is not narrows like eigenvalue^-T.",
    exercise=Exercise(
        predict="A start is moved along the cut from one attractor to the other. Where is |dh_T/dh_0| largest, and "
        "what happens to the width of the peak when T doubles?",
        run="longlag lecture --claim attractors --out results/lecture",
        explain="Why can a net that holds one bit for ever not learn by gradients what should have set the bit? Where "
        "would the start have to be for the gradient to say something?",
    ),
)


@dataclass(frozen=True)
class Net:
    """h <- tanh(h W + b) without input: W [2, 2], b [2]."""

    w: np.ndarray
    b: np.ndarray

    def step(self, h: np.ndarray) -> np.ndarray:
        """One step of states [..., 2]."""
        return np.tanh(h @ self.w + self.b)

    def settle(self, h: np.ndarray, steps: int = _SETTLED) -> np.ndarray:
        """States [..., 2] after many steps."""
        for _ in range(steps):
            h = self.step(h)
        return h

    def derivative(self, h: np.ndarray, steps: int) -> np.ndarray:
        """||dh_T/dh_0|| (spectral norm) for T = 1 to `steps`: [steps, ...] from states [..., 2]."""
        product, norms = np.broadcast_to(np.eye(2), (*h.shape, 2)), []
        for _ in range(steps):
            h = self.step(h)
            product = product @ (self.w * (1 - h**2)[..., None, :])  # dh_t = dh_{t-1} W diag(1 - h_t^2)
            norms.append(np.linalg.norm(product, 2, axis=(-2, -1)))
        return np.stack(norms)

    def spectrum(self, h: np.ndarray) -> np.ndarray:
        """|eigenvalues| of the Jacobian at a fixed point, the largest first."""
        return np.sort(np.abs(np.linalg.eigvals(self.w * (1 - self.step(h) ** 2))))[::-1]


@dataclass(frozen=True)
class Landscape:
    """What two attractors [2, 2] make of the square of starts: where the cut between them meets the watershed."""

    net: Net
    attractors: np.ndarray
    share: float  # of the way from the first attractor to the second
    saddle: np.ndarray

    def on_cut(self, share: np.ndarray) -> np.ndarray:
        """States [..., 2] at these shares of the way."""
        first, second = self.attractors
        return first + np.asarray(share)[..., None] * (second - first)

    @property
    def rates(self) -> tuple[float, float]:
        """What theory says: the saddle's largest |eigenvalue|, and the larger spectral radius of the attractors."""
        inside = max(self.net.spectrum(a)[0] for a in self.attractors)
        return float(self.net.spectrum(self.saddle)[0]), float(inside)

    @property
    def horizon(self) -> int:
        """T at which the watershed's derivative should have grown by `_REACH` decades."""
        return int(min(_REACH / np.log10(max(self.rates[0], 1 + 1e-9)), _FURTHEST))


def grid(points: int) -> np.ndarray:
    """Starts on the square [-1, 1]^2, [points, points, 2]; the first unit runs along the second axis."""
    axis = np.linspace(-1, 1, points)
    return np.stack(np.meshgrid(axis, axis), -1)


def attractors(net: Net, points: int = 15) -> np.ndarray:
    """The stable fixed points that starts on a grid settle at, [n, 2], by first coordinate."""
    ends = net.settle(grid(points).reshape(-1, 2))
    fixed = np.unique(np.round(ends[np.abs(net.step(ends) - ends).max(1) < 1e-9], 6), axis=0)
    return fixed[[net.spectrum(point)[0] < 1 for point in fixed]]  # a start may lie on the watershed exactly


def landscape(net: Net, ends: np.ndarray) -> Landscape:
    """The watershed on the cut between two attractors, by bisection to the last bit, and the saddle on it."""
    ends = net.settle(ends)
    low, high = 0.0, 1.0
    cut = Landscape(net, ends, 0.5, ends[0])
    for _ in range(60):
        middle = (low + high) / 2
        end = net.settle(cut.on_cut(np.array(middle)))
        low, high = (middle, high) if np.abs(end - ends[0]).max() < 1e-6 else (low, middle)
    return Landscape(net, ends, low, _saddle(net, cut.on_cut(np.array(low))))


def _saddle(net: Net, h: np.ndarray) -> np.ndarray:
    """The unstable fixed point near which the orbit of a state on the watershed is slowest, by Newton's method."""
    orbit = [h]
    for _ in range(60):
        orbit.append(net.step(orbit[-1]))
    steps = [np.abs(after - before).max() for before, after in pairwise(orbit)]
    h = orbit[int(np.argmin(steps[: max(2, len(steps) // 2)]))]
    for _ in range(20):
        after = net.step(h)
        jacobian = net.w * (1 - after**2)  # of h -> tanh(h W + b), acting from the right
        h = h - np.linalg.solve((jacobian - np.eye(2)).T, after - h)
    return h


def written_down(seed: int) -> Net:
    """Two units that excite themselves and each other, 1 and 1/2, every number a little off: attractors near
    +-(0.86, 0.86), a saddle near 0 with eigenvalues near 3/2 and 1/2."""
    rng = stream(seed, "lecture attractors")
    return Net(np.array([[1, 0.5], [0.5, 1]]) + 0.05 * rng.standard_normal((2, 2)), 0.02 * rng.standard_normal(2))


def bits(rng: np.random.Generator, lag: int, n: int, noise: float = 0.2) -> Tensors:
    """A bit (+-1) at the first step, then noise alone; wanted at the end is the bit."""
    bit = rng.choice([-1.0, 1.0], size=n)
    x = noise * rng.standard_normal((1, lag, n, 1))
    x[0, 0, :, 0] = bit
    tensors = (torch.tensor(x, dtype=torch.float32), torch.zeros(1, n, dtype=torch.int64))
    return Tensors(*tensors, torch.tensor(bit, dtype=torch.float32).reshape(1, 1, n, 1))


@dataclass(frozen=True)
class Latch:
    """A two-unit net before and after it was taught to hold a bit; wrong: share of bits lost over ten times the lag."""

    before: Net
    after: Net
    written: np.ndarray  # states [2, 2] that the bits -1 and +1 settle at once the input is silent
    wrong: float


def latched(seed: int, updates: int, longest: int = 20) -> Latch:
    """Adam on squared error, lags from 5 to `longest`, from units that forget half of themselves at every step: W is
    0.5 I and a little noise, whose only attractor is one near 0."""
    rng = stream(seed, "lecture latch")
    model, loss = Model(TanhRNN(2), 1, 1, 1), SquaredError(1.0)  # wrong: the sign
    drawn = {name: rng.standard_normal(shape) for name, shape in model.shapes().items()}
    drawn |= {"W_hh": 0.5 * np.eye(2) + 0.1 * drawn["W_hh"], "b_h": np.zeros(2), "b_y": np.zeros(1)}
    params = {name: torch.tensor(value[None], dtype=torch.float32) for name, value in drawn.items()}
    optimiser = Adam(1e-2, clipping=ClipNorm(1.0))
    state, before = optimiser.init(params), _net(params)

    def draw(n: int, purpose: str = "train") -> Objective:
        return Objective(model, loss, bits(rng, int(rng.integers(5, longest + 1)), n), Meter.zero(1))

    for _ in range(updates):
        step = optimiser.step(draw, params, state)
        params, state = step.params, step.state
    test = bits(rng, 10 * longest, 1000)
    missed = loss.wrong(model.outputs(params, test.x, test.start), test.y)
    after, w_in = _net(params), params["W_xh"][0].double().numpy()
    written = after.settle(np.tanh(np.array([[-1.0], [1.0]]) @ w_in + after.b))
    return Latch(before, after, written, float(missed.double().mean()))


def _net(params: dict[str, torch.Tensor]) -> Net:
    return Net(*(params[name][0].double().numpy() for name in ("W_hh", "b_h")))


def rates(land: Landscape, points: int) -> dict[str, float]:
    """Measured and predicted rates per step, and what is zero and huge at the horizon."""
    steps = land.horizon
    watershed = land.net.derivative(land.on_cut(np.array(land.share)), steps)
    inside = land.net.derivative(land.attractors + 0.05 * (land.attractors[::-1] - land.attractors), steps).max(1)
    grown, fallen = land.rates
    late = np.arange(steps // 2, steps)
    measured = [10 ** np.polyfit(late, np.log10(norms[late]), 1)[0] for norms in (watershed, inside)]
    everywhere = land.net.derivative(grid(points).reshape(-1, 2), steps)[-1]
    return {
        "horizon": steps,
        "watershed": measured[0],
        "watershed_off": abs(np.log(measured[0]) / np.log(grown) - 1),
        "inside": measured[1],
        "inside_off": abs(np.log(measured[1]) / np.log(fallen) - 1),
        "zero": float((everywhere < ZERO).mean()),
        "huge": float(watershed[-1]),
    }


def picture(land: Landscape, points: int) -> dict[str, Any]:
    """The map at a T at which a grid can still see the watershed, the cut at several T, and the contrast against T."""
    starts, steps = grid(points), max(3, round(land.horizon / 5))
    shares = np.unique(np.clip(np.concatenate([np.linspace(0, 1, 201), _around(land.share)]), 0, 1))
    lags = [max(2, round(steps * factor)) for factor in (0.5, 1, 2, 4)]
    cut = land.net.derivative(land.on_cut(shares), max(lags))
    peak = land.net.derivative(land.on_cut(np.array(land.share)), land.horizon)
    inside = land.net.derivative(land.attractors, land.horizon).max(1)
    ends = land.net.settle(starts)
    return {
        "axis": np.linspace(-1, 1, points),
        "steps": steps,
        "map": np.round(np.log10(land.net.derivative(starts, steps)[-1]), 3),
        "basin": (np.abs(ends - land.attractors[0]).max(-1) < 1e-6).astype(int),
        "attractors": land.attractors,
        "saddle": land.saddle,
        "cut": np.round(shares, 9),
        "cut_share": land.share,
        "cut_lags": lags,
        "cut_norms": [np.round(np.log10(cut[lag - 1]), 3) for lag in lags],
        "peak": np.log10(peak),
        "inside": np.log10(inside),
        "rates": land.rates,
    }


def _around(share: float) -> np.ndarray:
    near = np.geomspace(1e-9, 0.1, 60)
    return np.concatenate([share - near, [share], share + near])


def measure(seeds: Sequence[int], updates: int = 1000, points: int = 121) -> Finding:
    """Nets written down and nets trained, one of each per seed."""
    lands = []
    for seed in seeds:
        net = written_down(seed)
        lands.append(landscape(net, attractors(net)[[0, -1]]))
    by_hand = [rates(land, points) for land in lands]
    latches = [latched(seed, updates) for seed in seeds]
    held = [latch for latch in latches if latch.wrong <= 0.01]
    trained_lands = [landscape(latch.after, latch.written) for latch in held if distinct(latch.written)]
    trained = [rates(land, points) for land in trained_lands]
    numbers = [
        *judged("written down", by_hand),
        over_seeds("attractors before training", [float(len(attractors(latch.before))) for latch in latches]),
        over_seeds("nets that learned to hold the bit", [float(latch.wrong <= 0.01) for latch in latches]),
        *judged("trained", trained),
    ]
    caveat = _caveat(latches, held, trained_lands)
    series: dict[str, Any] = {"seeds": len(seeds), "written_down": picture(lands[0], points)}
    if trained_lands:
        series["trained"] = picture(trained_lands[0], points)
    return Finding(verdict(numbers, caveat), _summary(by_hand, trained, len(seeds)), numbers, caveat, series)


def distinct(states: np.ndarray) -> bool:
    """Do the two bits settle at different states?"""
    return bool(np.abs(states[0] - states[1]).max() > 1e-3)


def judged(which: str, found: Sequence[dict[str, float]]) -> list[Number]:
    """The numbers of one kind of net with their thresholds; none measured is a threshold missed."""

    def values(name: str) -> list[float]:
        return [one[name] for one in found] or [float("nan")]

    return [
        over_seeds(f"{which}: rate on the watershed", values("watershed"), "per step"),
        over_seeds(f"{which}: its distance from the saddle's eigenvalue", values("watershed_off"), at_most=_TOLERANCE),
        over_seeds(f"{which}: rate inside a basin", values("inside"), "per step"),
        over_seeds(f"{which}: its distance from the attractor's", values("inside_off"), at_most=_TOLERANCE),
        over_seeds(f"{which}: share of starts with a zero derivative", values("zero"), at_least=0.99),
        over_seeds(f"{which}: derivative on the watershed", values("huge"), at_least=HUGE),
    ]


def _caveat(latches: Sequence[Latch], held: Sequence[Latch], lands: Sequence[Landscape]) -> str:
    said = []
    if len(held) < len(latches):
        said.append(f"{len(latches) - len(held)} of {len(latches)} trained nets did not learn to hold the bit")
    if len(lands) < len(held):
        said.append(f"{len(held) - len(lands)} hold it without two attractors")
    return "; ".join(said)


def _summary(by_hand: Sequence[dict[str, float]], trained: Sequence[dict[str, float]], n: int) -> str:
    def rate(found: Sequence[dict[str, float]], name: str) -> float:
        return float(np.median([one[name] for one in found])) if found else float("nan")

    return (
        f"Two attractors written down: the derivative grows by {rate(by_hand, 'watershed'):.2f} per step on the "
        f"watershed and shrinks by {rate(by_hand, 'inside'):.2f} per step inside; {rate(by_hand, 'zero'):.1%} of the "
        f"starts have none left. {len(trained)} of {n} trained nets latch the bit, with "
        f"{rate(trained, 'watershed'):.2f} and {rate(trained, 'inside'):.2f} per step."
    )
