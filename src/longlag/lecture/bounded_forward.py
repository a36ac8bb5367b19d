"""Claim 1: squashing units bound the forward pass, whatever the weights.

Nets of logistic, tanh and, for contrast, linear units with the same weights run for 100 steps on random inputs, at
scales from 0.1 to 10^4. In exact arithmetic activity never reaches the ends of its range; in float64 it rounds to them.
The true distance is e^-|a|, computed from the pre-activation a without rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from longlag.lecture.base import Finding, claim, columns, conclude, over_seeds
from longlag.lecture.tools.nets import LINEAR, UNITS, Unit, gaussian
from longlag.rng import stream

HIDDEN, INPUTS, STEPS, BATCH = 100, 4, 100, 8
SCALES = tuple(10.0 ** (k / 2) for k in range(-2, 9))
CLAIM = claim("bounded_forward", units=HIDDEN, steps=STEPS)


@dataclass(frozen=True)
class Sweep:
    """One unit and seed, by scale: the largest distance from the middle over half the range, the smallest e^-|a|, and
    the largest activity at the last step as log10."""

    filled: list[float]
    margin: list[float]
    log10_final: list[float]


def sweep(unit: Unit, seed: int, steps: int = STEPS) -> Sweep:
    """Runs the unit's nets. The weights of one seed differ by their scale alone."""
    filled, margin, final = [], [], []
    for scale in SCALES:
        rng = stream(seed, "lecture", CLAIM.slug)
        net = gaussian(rng, unit, HIDDEN, INPUTS, scale, drive=scale)
        with np.errstate(over="ignore", invalid="ignore"):  # linear units overflow
            run = net.run(rng.standard_normal((steps, BATCH, INPUTS)), np.zeros((BATCH, HIDDEN)))
        middle, half = (unit.high + unit.low) / 2, (unit.high - unit.low) / 2
        states = np.nan_to_num(run.h[1:], nan=np.inf, posinf=np.inf, neginf=-np.inf)
        filled.append(float(np.abs((states - middle) / half).max()) if np.isfinite(half) else np.nan)
        margin.append(float(np.exp(-np.abs(run.a).max())))
        with np.errstate(divide="ignore"):
            final.append(float(np.log10(np.abs(states[-1]).max())))
    return Sweep(filled, margin, final)


def measure(seeds: Sequence[int]) -> Finding:
    """Sweeps the scale for logistic, tanh and linear units."""
    return judge({unit.name: [sweep(unit, seed) for seed in seeds] for unit in (*UNITS, LINEAR)})


def judge(sweeps: dict[str, list[Sweep]]) -> Finding:
    """The verdict on what was measured."""
    numbers, rounded = [], []
    for unit in UNITS:
        found = columns(sweeps[unit.name])
        filled = np.array(found["filled"])  # [seed, scale]
        name = f"{unit.name}: largest activity, any scale"
        numbers.append(over_seeds(name, filled.max(1), "of its range", at_most=1))
        touching = (filled >= 1).any(0)
        if touching.any():
            first = int(np.argmax(touching))
            margin = np.array(found["margin"])[:, first].min()
            rounded.append(f"{unit.name} from scale {SCALES[first]:.3g} on, where the true margin is {margin:.0e}")
    at = SCALES.index(10.0)
    linear = [found.log10_final[at] for found in sweeps[LINEAR.name]]
    numbers.append(over_seeds("linear: largest activity at step 100, scale 10", linear, "powers of ten", above=0))
    caveat = f"the open range closes by rounding in float64: {'; '.join(rounded)}" if rounded else ""
    series = {"seeds": len(linear), "scales": SCALES, **{name: columns(found) for name, found in sweeps.items()}}
    told = {"first": SCALES[0], "last": SCALES[-1], "linear": numbers[-1].value}
    return conclude(CLAIM, numbers, series, caveat, most=max(number.high for number in numbers[:-1]), **told)
