"""Claim 1: squashing units bound the forward pass, whatever the weights.

Nets of logistic, tanh and, for contrast, linear units with the same weights, at scales from 0.1 to 10^4, run for 100
steps on random inputs. In exact arithmetic activity never reaches the ends of its range; in float64 it rounds to them.
How near it really comes is e^-|a|, from the pre-activation a, without rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from longlag.lecture.base import Claim, Exercise, Finding, over_seeds, verdict
from longlag.lecture.tools.nets import LINEAR, UNITS, Unit, gaussian
from longlag.rng import stream

HIDDEN, INPUTS, STEPS, BATCH = 100, 4, 100, 8
SCALES = tuple(10.0 ** (k / 2) for k in range(-2, 9))

CLAIM = Claim(
    number=1,
    slug="bounded_forward",
    title="Squashing bounds the forward pass",
    sentence="In the forward pass squashing functions keep activity from exploding: logistic units stay between 0 "
    "and 1, "
    "tanh units between −1 and 1, whatever the weights.",
    quantity="the largest distance of any state from the middle of its range, as a share of half the range, over 100 "
    "steps of nets of 100 units at weight scales from 0.1 to 10⁴; beside it the same nets with linear units",
    threshold="At most 1, the end of the range, at every scale and seed: 0 < 1/(1+e⁻ᵃ) < 1 and |tanh a| < 1 for every "
    "finite a (by definition). Rounding to nearest is monotonic, so that float64 may reach the end but never pass it "
    "(IEEE 754; Higham 2002, section 2.1); reaching it is the caveat. Linear units must leave any bound once the "
    "spectral radius exceeds 1.",
    exercise=Exercise(
        predict="At which weight scale does a logistic unit's activity first print as exactly 1.0?",
        run="`longlag lecture --claim bounded_forward --json`; then again with `--seeds 5:10`.",
        explain="If activity is bounded whatever the weights, what does bounding cost? (Look at the slopes.)",
    ),
)


@dataclass(frozen=True)
class Sweep:
    """One unit and seed, by scale: the largest distance from the middle over half the range, the smallest e^-|a|, and
    the largest activity at each step [scale, step] as log10."""

    filled: list[float]
    margin: list[float]
    log10_size: list[np.ndarray]


def sweep(unit: Unit, seed: int, steps: int = STEPS) -> Sweep:
    """Runs the unit's nets; the weights of a seed differ by their scale alone."""
    filled, margin, sizes = [], [], []
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
            sizes.append(np.log10(np.abs(states).max((1, 2))))
    return Sweep(filled, margin, sizes)


def measure(seeds: Sequence[int]) -> Finding:
    """Sweeps the scale for logistic, tanh and linear units."""
    return judge({unit.name: [sweep(unit, seed) for seed in seeds] for unit in (*UNITS, LINEAR)})


def judge(sweeps: dict[str, list[Sweep]]) -> Finding:
    """The verdict on what was measured."""
    numbers, caveats = [], []
    for unit in UNITS:
        filled = np.array([found.filled for found in sweeps[unit.name]])  # [seed, scale]
        numbers.append(
            over_seeds(f"{unit.name}: largest activity, any scale", filled.max(1), "of its range", at_most=1)
        )
        touching = (filled >= 1).any(0)
        if touching.any():
            first, margin = (
                int(np.argmax(touching)),
                min(found.margin[int(np.argmax(touching))] for found in sweeps[unit.name]),
            )
            caveats.append(f"{unit.name} from scale {SCALES[first]:.3g} on, where the true margin is {margin:.0e}")
    at = SCALES.index(10.0)
    linear = [found.log10_size[at][-1] for found in sweeps[LINEAR.name]]
    numbers.append(over_seeds("linear: largest activity at step 100, scale 10", linear, "powers of ten", above=0))
    caveat = f"the open range closes by rounding in float64: {'; '.join(caveats)}" if caveats else ""
    most = max(number.high for number in numbers[:-1])
    summary = (
        f"At weight scales from {SCALES[0]:g} to {SCALES[-1]:g} no state of a squashing unit comes further than "
        f"{most:.6g} of "
        f"the way from the middle to the end of its range; linear units reach 10^{numbers[-1].value:.0f} at scale 10."
    )
    return Finding(verdict(numbers, caveat), summary, numbers, caveat, _series(sweeps))


def _series(sweeps: dict[str, list[Sweep]]) -> dict[str, Any]:
    kept = (0, SCALES.index(1.0), SCALES.index(10.0), len(SCALES) - 1)  # scales whose courses are drawn
    return {
        "seeds": len(sweeps[LINEAR.name]),
        "scales": SCALES,
        "course_scales": [SCALES[k] for k in kept],
        **{
            name: {
                "filled": [s.filled for s in found],
                "log10_margin": [[float(np.log10(max(m, 1e-320))) for m in s.margin] for s in found],
                "log10_final": [[float(size[-1]) for size in s.log10_size] for s in found],
                "log10_course": [found[0].log10_size[k] for k in kept],
            }
            for name, found in sweeps.items()
        },
    }
