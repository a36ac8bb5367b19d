"""Claim 7: attractors. Inside a basin the derivative by the start state vanishes, on the watershed it explodes.

One map of two units, h_t = tanh(h_{t-1} W + b), has two attractors by design. Another one *learns* to latch one bit
through noise. Measured of both: basins, the map of ||dh_T/dh_0||, a cut through it, and the growth of the contrast
with T.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch

from longlag.algebra.tree import Params
from longlag.cells.base import complete
from longlag.cells.tanh_rnn import TanhRNN
from longlag.engine.data import steps
from longlag.lecture.base import Finding, claim, conclude
from longlag.lecture.tools.landscape import Landscape, attractors, derivative, grid, landscape, settle
from longlag.lecture.tools.nets import TANH, Array, Net
from longlag.lecture.tools.numbers import Number, over_seeds, premise, values
from longlag.losses import SquaredError
from longlag.model import Model
from longlag.objective import Meter, Objective, Tensors
from longlag.optimisers.adam import Adam
from longlag.optimisers.clipping import ClipNorm
from longlag.rng import stream

ZERO, HUGE = 2.0**-24, 2.0**24  # rounding of float32: a start that leaves no trace; a rounding error that decides
_TOLERANCE = 0.05  # of a rate per step
_OF_LOG = "of its logarithm"  # the unit of a distance between two rates
_HELD = 0.01  # largest share of bits lost by a net that holds them
CLAIM = claim("attractors")


def designed(seed: int) -> Net:
    """Two units that excite themselves and each other, 1 and 1/2, every number a little off: attractors near
    +-(0.86, 0.86), a saddle near 0 with eigenvalues near 3/2 and 1/2."""
    rng = stream(seed, "lecture attractors")
    weights = np.array([[1, 0.5], [0.5, 1]]) + 0.05 * rng.standard_normal((2, 2))
    return _silent(weights, 0.02 * rng.standard_normal(2))


def _silent(weights: Array, biases: Array) -> Net:
    return Net(TANH, weights, np.zeros((0, 2)), biases)


def bits(rng: np.random.Generator, lag: int, n: int, noise: float = 0.2) -> Tensors:
    """A bit (+-1) at the first step, then noise alone. The target at the end is the bit."""
    bit = rng.choice([-1.0, 1.0], size=n)
    x = noise * rng.standard_normal((1, lag, n, 1))
    x[0, 0, :, 0] = bit
    tensors = (torch.tensor(x, dtype=torch.float32), torch.zeros(1, n, dtype=torch.int64))
    return Tensors(*tensors, torch.tensor(bit, dtype=torch.float32).reshape(1, 1, n, 1))


@dataclass(frozen=True)
class Latch:
    """A two-unit net before and after it was taught to hold a bit; wrong: share of bits lost over ten times the lag.

    settled: states [2, 2] at which the bits -1 and +1 settle once the input is silent.
    """

    before: Net
    after: Net
    settled: Array
    wrong: float

    @property
    def holds(self) -> bool:
        """Did it learn to hold the bit?"""
        return self.wrong <= _HELD

    @property
    def distinct(self) -> bool:
        """Do the two bits settle at different states?"""
        return bool(np.abs(self.settled[0] - self.settled[1]).max() > 1e-3)


def latched(seed: int, updates: int, longest: int = 20) -> Latch:
    """Adam on squared error, lags from 5 to `longest`, from units that forget half of themselves at every step: W is
    0.5 I and a little noise, whose only attractor is one near 0."""
    rng = stream(seed, "lecture latch")
    model, loss = Model(complete(TanhRNN(2)), 1, 1, 1), SquaredError(1.0)  # wrong: the sign
    drawn = {name: rng.standard_normal(shape) for name, shape in model.shapes().items()}
    drawn |= {"W_hh": 0.5 * np.eye(2) + 0.1 * drawn["W_hh"], "b_h": np.zeros(2), "b_y": np.zeros(1)}
    params = {name: torch.tensor(value[None], dtype=torch.float32) for name, value in drawn.items()}
    before = _without_input(params)

    def draw(n: int, purpose: str = "train") -> Objective:
        return Objective(model, loss, bits(rng, int(rng.integers(5, longest + 1)), n), Meter.zero(1))

    *_, last = islice(steps(Adam(1e-2, clipping=ClipNorm(1.0)), draw, params), updates)
    params = last.params
    test = bits(rng, 10 * longest, 1000)
    missed = loss.wrong(model.outputs(params, test.x, test.start), test.y)
    after, w_in = _without_input(params), params["W_xh"][0].double().numpy()
    settled = settle(after, np.tanh(np.array([[-1.0], [1.0]]) @ w_in + after.b_h))
    return Latch(before, after, settled, float(missed.double().mean()))


def _without_input(params: Params) -> Net:
    return _silent(*(params[name][0].double().numpy() for name in ("W_hh", "b_h")))


@dataclass(frozen=True)
class Rates:
    """Factors per step on the watershed and inside, each with its relative distance from theory (of logarithms), and
    what is left at the horizon: share of starts with a zero derivative, derivative on the watershed."""

    watershed: float
    watershed_off: float
    inside: float
    inside_off: float
    zero: float
    huge: float


def rates(land: Landscape, points: int) -> Rates:
    """Fits the rates over the second half of the horizon; points: starts along each side of the square."""
    horizon = land.horizon
    watershed = derivative(land.net, land.watershed, horizon)
    inside = land.attractors + 0.05 * (land.attractors[::-1] - land.attractors)
    everywhere = derivative(land.net, grid(points).reshape(-1, 2), horizon)[-1]
    grown, shrunk = land.rates
    return Rates(
        *_rate(watershed, grown),
        *_rate(derivative(land.net, inside, horizon).max(1), shrunk),
        float((everywhere < ZERO).mean()),
        float(watershed[-1]),
    )


def _rate(norms: Array, theory: float) -> tuple[float, float]:
    """Factor per step over the second half of the norms [T], and its relative distance from theory."""
    late = np.arange(len(norms) // 2, len(norms))
    rate = float(10 ** np.polyfit(late, np.log10(norms[late]), 1)[0])
    return rate, float(abs(np.log(rate) / np.log(theory) - 1))


def picture(land: Landscape, points: int) -> dict[str, Any]:
    """The map at a T at which a grid can still see the watershed, the cut at several T, and the contrast against T."""
    net, mapped = land.net, max(3, round(land.horizon / 5))
    near = np.geomspace(1e-9, 0.1, 60)
    shares = np.concatenate([np.linspace(0, 1, 201), land.share - near, [land.share], land.share + near])
    shares = np.unique(np.clip(shares, 0, 1))
    lags = [max(2, round(mapped * factor)) for factor in (0.5, 1, 2, 4)]
    cut = derivative(net, land.on_cut(shares), max(lags))
    return {
        "axis": np.linspace(-1, 1, points),
        "steps": mapped,
        "map": np.round(np.log10(derivative(net, grid(points), mapped)[-1]), 3),
        "attractors": land.attractors,
        "saddle": land.saddle,
        "cut": np.round(shares, 9),
        "cut_share": land.share,
        "cut_lags": lags,
        "cut_norms": [np.round(np.log10(cut[lag - 1]), 3) for lag in lags],
        "peak": np.log10(derivative(net, land.watershed, land.horizon)),
        "inside": np.log10(derivative(net, land.attractors, land.horizon).max(1)),
        "rates": land.rates,
    }


def measure(seeds: Sequence[int], updates: int = 1000, points: int = 121) -> Finding:
    """Nets with attractors by design and nets that are trained, one of each per seed."""
    by_design = [landscape(net, attractors(net)[[0, -1]]) for net in map(designed, seeds)]
    latches = [latched(seed, updates) for seed in seeds]
    trained = [landscape(latch.after, latch.settled) for latch in latches if latch.holds and latch.distinct]
    pictures = {"by_design": picture(by_design[0], points)}
    if trained:
        pictures["trained"] = picture(trained[0], points)
    first, second = ([rates(land, points) for land in lands] for lands in (by_design, trained))
    return judge(latches, first, second, pictures, seeds)


def judge(
    latches: Sequence[Latch],
    by_design: Sequence[Rates],
    trained: Sequence[Rates],
    pictures: dict[str, Any],
    seeds: Sequence[int] = (),
) -> Finding:
    """The verdict. latches: every trained net; trained: those that hold the bit in two attractors."""
    on, off = "learned to hold the bit in two attractors", "did not learn to hold the bit in two attractors"
    holding, share, caveat = premise(latches, lambda latch: latch.holds and latch.distinct, on, off, seeds)
    numbers = [
        *thresholds("by design", by_design),
        over_seeds("attractors before training", [float(len(attractors(latch.before))) for latch in latches]),
        share,
        *thresholds("trained", trained),
    ]
    nets = len(latches)
    told: dict[str, Any] = values(numbers, grown=0, shrunk=2, zero=4, trained_grown=8, trained_shrunk=10)
    return conclude(CLAIM, numbers, {"seeds": nets, **pictures}, caveat, latched=len(holding), nets=nets, **told)


def thresholds(which: str, found: Sequence[Rates]) -> list[Number]:
    """The numbers of one kind of net with their thresholds."""

    def number(words: str, name: str, unit: str = "", means: str = "", **bound: float) -> Number:
        means = means and f"the derivative ({which}) {means}"
        return over_seeds(f"{which}: {words}", [getattr(one, name) for one in found], unit, means, **bound)

    grows, shrinks = "grows on the watershed as its saddle says", "shrinks inside a basin as its attractor says"
    zero, huge = "is zero from 99 % of the starts", "is huge on the watershed"
    return [
        number("rate on the watershed", "watershed", "per step"),
        number(
            "rate on the watershed, distance from the saddle's eigenvalue",
            "watershed_off",
            _OF_LOG,
            grows,
            at_most=_TOLERANCE,
        ),
        number("rate inside a basin", "inside", "per step"),
        number(
            "rate inside a basin, distance from the attractor's eigenvalue",
            "inside_off",
            _OF_LOG,
            shrinks,
            at_most=_TOLERANCE,
        ),
        number("share of starts with a zero derivative", "zero", "", zero, at_least=0.99),
        number("derivative on the watershed", "huge", "", huge, at_least=HUGE),
    ]
