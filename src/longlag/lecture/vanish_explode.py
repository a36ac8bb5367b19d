"""Claim 4: small weights make gradients vanish, big weights make them explode; near a stable point they vanish.

Nets of H units without input, W_hh ~ N(0, g^2 / H), run until they have settled. Then dh_T/dh_t is taken over the last
100 steps. The same scales with a symmetric matrix show what a basin does to big weights: such a net must fall into an
attractor, a fixed point or a cycle of two (Marcus & Westervelt 1989).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from longlag.inits.base import spectral_radius
from longlag.lecture.base import Finding, claim, columns, conclude, fill
from longlag.lecture.tools import chains, mean_field
from longlag.lecture.tools.nets import UNITS, Net, Unit, gaussian
from longlag.lecture.tools.numbers import over_seeds, theorem
from longlag.rng import stream

HIDDEN, LAG = 100, 100
SETTLE, SETTLE_BASIN = 200, 2000  # steps before the measurement
FACTORS = (0.125, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)  # of the critical scale
SMALL, BIG = 0.5, 2.0  # factors from which on theory, a net of infinite size, leaves no doubt in one of 100 units
_ROUNDING = 1e-9  # of a sum of 100 logarithms
_UNIT = "nats per step"
_MEANS = ("stays below its bound", "shrinks if the weights are small", "grows if the weights are big")
CLAIM = claim("vanish_explode", units=HIDDEN, lag=LAG)


@dataclass(frozen=True)
class Decay:
    """One net: norms [LAG+1], their fitted rate in nats per step, how far they exceed the theorem's bound in nats (nan
    where it promises nothing), the spectral radius of W, and Lyapunov exponents."""

    log10_norms: np.ndarray
    rate: float
    r_squared: float
    excess: float
    spectral_radius: float
    lyapunov_largest: float
    lyapunov_mean: float


@dataclass(frozen=True)
class Sweep:
    """One unit and seed: nets at every factor (random W), and in a basin at the big ones (symmetric W)."""

    random: list[Decay]
    basin: list[Decay]


def decay(net: Net, start: np.ndarray, settle: int, lag: int = LAG) -> Decay:
    """Runs the net without input and measures its last `lag` steps."""
    rest = np.zeros((settle + lag, 1, len(net.W_xh)))
    jacobians = net.jacobians(net.run(rest, start))[settle:]
    logs, exponents = chains.log_norms(jacobians), chains.lyapunov(jacobians)
    rate, r_squared = chains.line(np.arange(1, lag + 1), logs[1:])
    return Decay(
        log10_norms=logs / np.log(10),
        rate=rate,
        r_squared=r_squared,
        excess=excess(logs, net.unit.steepest * float(np.linalg.norm(net.W_hh, 2))),
        spectral_radius=spectral_radius(net.W_hh),
        lyapunov_largest=float(exponents[0]),
        lyapunov_mean=float(exponents.mean()),
    )


def excess(logs: np.ndarray, factor: float) -> float:
    """How far ln norms [lag+1] exceed lag ln(gamma sigma_max) at most; nan unless that factor is below 1."""
    bound = np.log(factor)
    return float((logs - bound * np.arange(len(logs))).max()) if bound < 0 else np.nan


def symmetric(net: Net) -> Net:
    """The net with weights as large as before that are the same both ways."""
    return Net(net.unit, (net.W_hh + net.W_hh.T) / np.sqrt(2), net.W_xh, net.b_h)


def measure(seeds: Sequence[int]) -> Finding:
    """Sweeps the scale for both kinds of units."""
    return judge({unit: [sweep(unit, seed) for seed in seeds] for unit in UNITS})


def sweep(unit: Unit, seed: int) -> Sweep:
    """Nets of one unit and seed at every scale."""
    start = unit.function(stream(seed, "lecture", CLAIM.slug, "start").standard_normal((1, HIDDEN)))
    critical = mean_field.critical_scale(unit)
    nets = {
        factor: gaussian(stream(seed, "lecture", CLAIM.slug), unit, HIDDEN, 0, factor * critical) for factor in FACTORS
    }
    big = [symmetric(net) for factor, net in nets.items() if factor >= BIG]
    random = [decay(net, start, SETTLE) for net in nets.values()]
    return Sweep(random, [decay(net, start, SETTLE_BASIN) for net in big])


def judge(sweeps: dict[Unit, list[Sweep]]) -> Finding:
    """The verdict on what was measured."""
    numbers, basins = [], []
    series: dict[str, Any] = {}
    small, big = np.array(FACTORS) <= SMALL, np.array(FACTORS) >= BIG
    for unit, found in sweeps.items():
        random, basin = (columns(one) for one in columns(found).values())
        rates, squared, above, inside = (
            np.array(values) for values in (random["rate"], random["r_squared"], random["excess"], basin["rate"])
        )  # [seed, factor]
        above = np.fmax.reduce(above, axis=1)  # nan only where the bound promises nothing at any factor
        largest, smallest = rates[:, small].max(1), rates[:, big].min(1)
        of = f"the gradient of a {unit.name} net"
        within, shrinks, grows = (f"{of} {does}" for does in _MEANS)
        numbers += [
            theorem(over_seeds(f"{unit.name}: ln norm above its bound", above, "nats", within, at_most=_ROUNDING)),
            over_seeds(f"{unit.name}: largest rate at small weights", largest, _UNIT, shrinks, below=0),
            over_seeds(f"{unit.name}: smallest rate at big weights", smallest, _UNIT, grows, above=0),
            over_seeds(f"{unit.name}: lowest R² of small and big weights", squared[:, small | big].min(1)),
        ]
        name, means = f"{unit.name}: largest rate in a basin, big weights", f"{of} shrinks inside a basin"
        basins.append(over_seeds(name, inside.max(1), _UNIT, means, below=0))
        series[unit.name] = {"random": random, "basin": basin, **_theory(unit)}
    logistic, tanh = (number.value for number in basins)
    vanishes = all(number.met for number in basins)
    straight = min(numbers[4 * i + 3].low for i in range(len(sweeps)))  # R²
    caveat = fill(CLAIM.slug, "caveat", logistic=logistic, tanh=tanh, straight=straight) if vanishes else ""
    but = fill(CLAIM.slug, "but", logistic=np.exp(logistic), tanh=np.exp(tanh)) if vanishes else ""
    told = {f"{unit.name}_{size}": np.exp(numbers[4 * i + place].value) for i, unit in enumerate(sweeps)
            for size, place in (("small", 1), ("big", 2))}  # fmt: skip
    parts = [
        fill(CLAIM.slug, "part", unit=unit.name, small=numbers[4 * i + 1].value, big=numbers[4 * i + 2].value)
        for i, unit in enumerate(sweeps)
    ]
    series = {"seeds": len(rates), **series}
    return conclude(CLAIM, [*numbers, *basins], series, caveat, but, parts="; ".join(parts), **told)


def _theory(unit: Unit) -> dict[str, Any]:
    critical = mean_field.critical_scale(unit)
    return {
        "critical": critical,
        "factors": FACTORS,
        "big": [factor for factor in FACTORS if factor >= BIG],
        "theory": [np.log(mean_field.gain(unit, factor * critical)) for factor in FACTORS],
    }
