"""Claim 4: small weights make gradients vanish, big weights make them explode; inside a basin they vanish all the same.

Nets of H units without input, W_hh ~ N(0, g^2 / H), are run until they have settled; then dh_T/dh_t is taken over the
last 100 steps. The same scales with a symmetric matrix, whose net must fall into an attractor (Marcus & Westervelt
1989: a fixed point or a cycle of two), show what a basin does to big weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from longlag.inits.base import spectral_radius
from longlag.lecture.base import Claim, Exercise, Finding, over_seeds, verdict
from longlag.lecture.tools import chains, mean_field
from longlag.lecture.tools.nets import UNITS, Net, Unit, gaussian
from longlag.rng import stream

HIDDEN, LAG = 100, 100
SETTLE, SETTLE_BASIN = 200, 2000  # steps before the measurement
FACTORS = (0.125, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)  # of the critical scale
SMALL, BIG = 0.5, 2.0  # factors from which on theory, a net of infinite size, leaves no doubt in one of 100 units
_ROUNDING = 1e-9  # of a sum of 100 logarithms

CLAIM = Claim(
    number=4,
    slug="vanish_explode",
    title="Small weights vanish, big weights explode",
    sentence="Over many steps the gradient shrinks exponentially if the weights are small and grows exponentially if "
    "they are big.",
    quantity="ln ||dh_T/dh_t|| per step, fitted over lags of 1 to 100 steps, for random nets of 100 logistic or tanh "
    "units at ten weight scales, with R²; beside it the spectral radius and the Lyapunov exponents",
    threshold="Where γ·σ_max(W) < 1, with γ the steepest slope (1/4 logistic, 1 tanh), the norm must stay below "
    "(γ·σ_max)^lag at every lag (Pascanu, Mikolov & Bengio 2013, section 2.1; Hochreiter 1991). From half the critical "
    "scale down the rate must be below 0 and from twice it up above 0 at every seed; the critical scale is where a "
    "gradient's mean square neither grows nor shrinks, g² E f'(a)² = 1 (Sompolinsky, Crisanti & Sommers 1988; Poole et "
    "al. 2016): 10.1 for logistic and 1 for tanh units. Inside a basin the rate must be below 0 whatever the scale "
    "(Bengio, Simard & Frasconi 1994, theorem 4): that is the caveat.",
    exercise=Exercise(
        predict="A net with weights four times the critical scale and the same net with W made symmetric: which way do "
        "their gradients go?",
        run="`longlag lecture --claim vanish_explode --out results/lecture`, then the slider for the weight scale on "
        "the "
        "hands-on page.",
        explain="Why does the norm bound on vanishing have no counterpart for exploding? What do saturated slopes do?",
    ),
)


@dataclass(frozen=True)
class Decay:
    """One net: ln norms [LAG+1], the fitted line, the radius and largest singular value of W, Lyapunov exponents."""

    logs: np.ndarray
    line: chains.Line
    radius: float
    singular: float
    largest: float
    mean: float


@dataclass(frozen=True)
class Seed:
    """One seed's nets by unit and factor, chaotic (random W) and in a basin (symmetric W)."""

    random: dict[str, list[Decay]]
    basin: dict[str, list[Decay]]


def decay(net: Net, start: np.ndarray, settle: int, lag: int = LAG) -> Decay:
    """Runs the net without input and measures its last `lag` steps."""
    rest = np.zeros((settle + lag, 1, len(net.W_xh)))
    jacobians = net.jacobians(net.run(rest, start))[settle:]
    logs, exponents = chains.log_norms(jacobians), chains.lyapunov(jacobians)
    fitted = chains.line(np.arange(1, lag + 1), logs[1:])
    singular = float(np.linalg.norm(net.W_hh, 2))
    return Decay(logs, fitted, spectral_radius(net.W_hh), singular, float(exponents[0]), float(exponents.mean()))


def symmetric(net: Net) -> Net:
    """The net with weights as large as before that are the same both ways."""
    return Net(net.unit, (net.W_hh + net.W_hh.T) / np.sqrt(2), net.W_xh, net.b_h)


def measure(seeds: Sequence[int]) -> Finding:
    """Sweeps the scale for both kinds of units."""
    critical = {unit.name: mean_field.critical_scale(unit) for unit in UNITS}
    return judge([_seed(seed, critical) for seed in seeds], critical)


def _seed(seed: int, critical: dict[str, float]) -> Seed:
    random: dict[str, list[Decay]] = {}
    basin: dict[str, list[Decay]] = {}
    for unit in UNITS:
        nets = [_net(seed, unit, factor * critical[unit.name]) for factor in FACTORS]
        start = unit.function(stream(seed, "lecture", CLAIM.slug, "start").standard_normal((1, HIDDEN)))
        random[unit.name] = [decay(net, start, SETTLE) for net in nets]
        big = [symmetric(net) for net, factor in zip(nets, FACTORS, strict=True) if factor >= BIG]
        basin[unit.name] = [decay(net, start, SETTLE_BASIN) for net in big]
    return Seed(random, basin)


def _net(seed: int, unit: Unit, scale: float) -> Net:
    return gaussian(stream(seed, "lecture", CLAIM.slug), unit, HIDDEN, 0, scale)


def judge(seeds: Sequence[Seed], critical: dict[str, float]) -> Finding:
    """The verdict on what was measured."""
    numbers, basins = [], []
    series: dict[str, Any] = {}
    for unit in UNITS:
        name = unit.name
        rates = np.array([[d.line.slope for d in seed.random[name]] for seed in seeds])  # [seed, factor]
        squared = np.array([[d.line.r_squared for d in seed.random[name]] for seed in seeds])
        small, big = np.array(FACTORS) <= SMALL, np.array(FACTORS) >= BIG
        above = [np.fmax.reduce([_above_bound(d, unit) for d in seed.random[name]]) for seed in seeds]
        basin = np.array([[d.line.slope for d in seed.basin[name]] for seed in seeds])
        numbers += [
            over_seeds(f"{name}: ln norm above its bound, worst lag", above, "nats", at_most=_ROUNDING),
            over_seeds(f"{name}: largest rate at small weights", rates[:, small].max(1), "nats per step", below=0),
            over_seeds(f"{name}: smallest rate at big weights", rates[:, big].min(1), "nats per step", above=0),
            over_seeds(f"{name}: lowest R² of small and big weights", squared[:, small | big].min(1)),
        ]
        basins.append(
            over_seeds(f"{name}: largest rate in a basin, big weights", basin.max(1), "nats per step", below=0)
        )
        series[name] = _series(seeds, unit, critical[name])
    caveat = ""
    if all(number.met for number in basins):
        caveat = (
            "big weights explode where the net is chaotic; the same weights made symmetric fall into a basin, and "
            "there "
            f"the gradient vanishes at {basins[0].value:.2f} (logistic) and {basins[1].value:.2f} (tanh) nats per step"
        )
    words = "; ".join(
        f"{unit.name}: {numbers[4 * i + 1].value:+.2f} nats per step or less at half the critical scale, "
        f"{numbers[4 * i + 2].value:+.2f} or more at twice it"
        for i, unit in enumerate(UNITS)
    )
    series["seeds"] = len(seeds)
    return Finding(verdict([*numbers, *basins], caveat), f"Median seed, {words}.", [*numbers, *basins], caveat, series)


def _above_bound(found: Decay, unit: Unit) -> float:
    """How far ln norms exceed lag ln(gamma sigma_max), where that theorem promises vanishing; else nan."""
    bound = np.log(unit.steepest * found.singular)
    return float((found.logs - bound * np.arange(len(found.logs))).max()) if bound < 0 else np.nan


def _series(seeds: Sequence[Seed], unit: Unit, critical: float) -> dict[str, object]:
    name = unit.name
    return {
        "critical": critical,
        "factors": FACTORS,
        "big": [factor for factor in FACTORS if factor >= BIG],
        "log10_norms": [[d.logs / np.log(10) for d in seed.random[name]] for seed in seeds],
        "log10_basin": [[d.logs / np.log(10) for d in seed.basin[name]] for seed in seeds],
        "rates": [[d.line.slope for d in seed.random[name]] for seed in seeds],
        "r_squared": [[d.line.r_squared for d in seed.random[name]] for seed in seeds],
        "basin_rates": [[d.line.slope for d in seed.basin[name]] for seed in seeds],
        "spectral_radius": [[d.radius for d in seed.random[name]] for seed in seeds],
        "lyapunov_largest": [[d.largest for d in seed.random[name]] for seed in seeds],
        "lyapunov_mean": [[d.mean for d in seed.random[name]] for seed in seeds],
        "theory": [np.log(mean_field.gain(unit, factor * critical)) for factor in FACTORS],
    }
