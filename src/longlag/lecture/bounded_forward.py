"""Claim 1: squashing units bound the forward pass, whatever the weights; the price is paid in slopes.

Nets of logistic, tanh and, for contrast, linear units with the same weights run for 100 steps on random inputs, at
scales from 0.1 to 10^4. That squashing units stay within their range is their definition; what a measurement adds is
how near they come to its ends and what this costs. With a pre-activation a the share of half the range that is left is

    logistic   1 - |2 s(a) - 1| = 2 / (1 + e^|a|)        tanh   1 - |tanh a| = 2 / (1 + e^(2|a|))

computed without the cancellation of 1 - h, as a logarithm. The slope that the backward pass multiplies by is s(a) s(-a)
or 1 / cosh^2 a. Where a spreads widely with standard deviation S, its mean over a Gaussian is the integral of the slope
times the density at 0: 1 / (S sqrt(2 pi)) for logistic and 2 / (S sqrt(2 pi)) for tanh units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from longlag.lecture.base import Finding, claim, columns, conclude, fill
from longlag.lecture.tools.nets import LINEAR, TANH, UNITS, Unit, gaussian
from longlag.lecture.tools.numbers import Number, over_seeds, theorem
from longlag.rng import stream

HIDDEN, INPUTS, STEPS, BATCH = 100, 4, 100, 8
SCALES = tuple(10.0 ** (k / 2) for k in range(-2, 9))
_RANGE = "of its range"
CLAIM = claim("bounded_forward", units=HIDDEN, steps=STEPS)


@dataclass(frozen=True)
class Sweep:
    """One unit and seed, by scale: the largest distance from the middle over half the range; log10 of the smallest
    distance that is left to an end, as a share of half the range; the mean slope over the steepest, and what a Gaussian
    of the same spread would make it; log10 of the largest activity at the last step."""

    filled: list[float]
    log10_margin: list[float]
    slope: list[float]
    slope_by_theory: list[float]
    log10_final: list[float]


def log10_margin(unit: Unit, a: np.ndarray) -> np.ndarray:
    """log10 of the share of half the range between the unit's state at pre-activation a and the nearer end."""
    steepness = 2.0 if unit is TANH else 1.0
    return (np.log(2) - np.logaddexp(0, steepness * np.abs(a))) / np.log(10)


def sweep(unit: Unit, seed: int, steps: int = STEPS) -> Sweep:
    """Runs the unit's nets. The weights of one seed differ by their scale alone."""
    rows = []
    for scale in SCALES:
        rng = stream(seed, "lecture", CLAIM.slug)
        net = gaussian(rng, unit, HIDDEN, INPUTS, scale, drive=scale)
        with np.errstate(over="ignore", invalid="ignore"):  # linear units overflow
            run = net.run(rng.standard_normal((steps, BATCH, INPUTS)), np.zeros((BATCH, HIDDEN)))
        rows.append((*_squashed(unit, run.h[1:], run.a, run.slopes), _log10_largest(run.h[-1])))
    return Sweep(*(list(column) for column in zip(*rows, strict=True)))


def _squashed(unit: Unit, h: np.ndarray, a: np.ndarray, slopes: np.ndarray) -> tuple[float, float, float, float]:
    """How much of its range a squashing unit fills, and what that costs; not a number for a linear one."""
    middle, half = (unit.high + unit.low) / 2, (unit.high - unit.low) / 2
    if not np.isfinite(half):
        return np.nan, np.nan, np.nan, np.nan
    filled = float(np.abs((h - middle) / half).max())
    by_theory = 1 / (a.std() * np.sqrt(2 * np.pi) * unit.steepest) * (2 if unit is TANH else 1)
    margin = float(log10_margin(unit, a).min())
    return filled, margin, float(slopes.mean()) / unit.steepest, float(by_theory)


def _log10_largest(states: np.ndarray) -> float:
    with np.errstate(divide="ignore"):
        return float(np.log10(np.nan_to_num(np.abs(states), nan=np.inf, posinf=np.inf).max()))


def measure(seeds: Sequence[int]) -> Finding:
    """Sweeps the scale for logistic, tanh and linear units."""
    return judge({unit.name: [sweep(unit, seed) for seed in seeds] for unit in (*UNITS, LINEAR)})


def judge(sweeps: dict[str, list[Sweep]]) -> Finding:
    """The verdict on what was measured."""
    at, last = SCALES.index(10.0), len(SCALES) - 1
    numbers, rounded, costs = [], [], []
    for unit in UNITS:
        found = columns(sweeps[unit.name])
        filled, slope = np.array(found["filled"]), np.array(found["slope"])  # [seed, scale]
        numbers += [
            theorem(_largest(unit, filled.max(1))),
            over_seeds(f"{unit.name}: mean slope at scale 0.1", slope[:, 0], "of the steepest"),
            over_seeds(f"{unit.name}: mean slope at scale 10", slope[:, at], "of the steepest"),
            over_seeds(f"{unit.name}: mean slope at scale 10⁴", slope[:, last], "of the steepest"),
        ]
        costs.append(f"{numbers[-2].value:.0%} ({unit.name})")
        touching = (filled >= 1).any(0)
        if touching.any():
            first = int(np.argmax(touching))
            margin = np.median(np.array(found["log10_margin"])[:, first])  # as the figure has it
            rounded.append(fill(CLAIM.slug, "rounded", unit=unit.name, scale=SCALES[first], margin=margin))
    linear = [found.log10_final[at] for found in sweeps[LINEAR.name]]
    name, means = "linear: largest activity at step 100, scale 10", "linear units leave the range of squashing ones"
    numbers.append(over_seeds(name, linear, "powers of ten", means, above=0))
    caveat = fill(CLAIM.slug, "caveat", cost=" and ".join(costs), rounded="".join(f"; {one}" for one in rounded))
    series = {"seeds": len(linear), "scales": SCALES, **{name: columns(found) for name, found in sweeps.items()}}
    told = {"first": SCALES[0], "last": SCALES[-1], "linear": numbers[-1].value}
    but = fill(CLAIM.slug, "but", cost=numbers[6].value)
    return conclude(CLAIM, numbers, series, caveat, but, most=max(numbers[0].high, numbers[4].high), **told)


def _largest(unit: Unit, filled: np.ndarray) -> Number:
    means = f"every {unit.name} unit stays within its range"
    return over_seeds(f"{unit.name}: largest activity, any scale", filled, _RANGE, means, at_most=1)
