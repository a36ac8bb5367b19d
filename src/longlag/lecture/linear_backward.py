"""Claim 2: the backward pass is linear. Doubling the derivatives at the outputs doubles every derivative.

One net and one forward pass. The derivatives at the outputs are sent back as they are, doubled repeatedly, and added.
The forward pass is tested in the same way: its inputs are doubled. What counts is what the inputs do to the states.
The states of a run without input are subtracted, since a logistic unit without input is at one half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from longlag.lecture.base import Finding, claim, columns, conclude
from longlag.lecture.tools import plain, rounding
from longlag.lecture.tools.nets import UNITS, Net, Run, Unit, gaussian
from longlag.lecture.tools.numbers import Number, over_seeds, theorem
from longlag.rng import stream

HIDDEN, INPUTS, STEPS, BATCH = 32, 4, 50, 8
DOUBLINGS = (-20, -10, -6, -4, -2, -1, 0, 1, 2, 4, 6, 10, 20)  # powers of two: factors of derivatives and inputs
_ROUNDINGS = STEPS * (HIDDEN + 2) + STEPS * BATCH + 1  # on the longest way of a term into a derivative
_BOUND = 3 * rounding.gamma(_ROUNDINGS)
_SUM = "of the absolute sum"
_EFFECT = "of what the inputs do"
CLAIM = claim("linear_backward", units=HIDDEN, steps=STEPS, roundings=_ROUNDINGS, bound=_BOUND)


@dataclass(frozen=True)
class Linearity:
    """One unit and seed. doubling: largest difference, any k. adding: share of the absolute sum. forward: relative
    distance of what 2^k x does to the states from 2^k times what x does, by k. back, ahead: relative sizes by k."""

    doubling: float
    adding: float
    forward: list[float]
    back: list[float]
    ahead: list[float]


def measure(seeds: Sequence[int]) -> Finding:
    """Checks both kinds of units."""
    return judge({unit.name: [check(unit, seed) for seed in seeds] for unit in UNITS})


def check(unit: Unit, seed: int) -> Linearity:
    """Doubles and adds the derivatives that go backward, doubles the inputs that go forward."""
    rng = stream(seed, "lecture", CLAIM.slug)
    net = gaussian(rng, unit, HIDDEN, INPUTS, 1 / unit.steepest)
    x, rest = rng.standard_normal((STEPS, BATCH, INPUTS)), np.zeros((BATCH, HIDDEN))
    run = net.run(x, rest)
    first, second = rng.standard_normal((2, STEPS, BATCH, HIDDEN))
    base = net.backward(run, first)
    doubled = [net.backward(run, 2.0**k * first) for k in DOUBLINGS]
    idle = net.run(0 * x, rest).h[1:]
    moved = run.h[1:] - idle
    ahead = [net.run(2.0**k * x, rest).h[1:] - idle for k in DOUBLINGS]
    size, norm = np.linalg.norm(moved), np.linalg.norm(base["W_hh"])
    return Linearity(
        doubling=max(_worst(many, base, 2.0**k) for k, many in zip(DOUBLINGS, doubled, strict=True)),
        adding=_adding(net, run, first, second),
        forward=[float(np.linalg.norm(h / 2.0**k - moved) / size) for k, h in zip(DOUBLINGS, ahead, strict=True)],
        back=[float(np.linalg.norm(many["W_hh"]) / norm) for many in doubled],
        ahead=[float(np.linalg.norm(h) / size) for h in ahead],
    )


def _worst(many: dict[str, np.ndarray], base: dict[str, np.ndarray], factor: float) -> float:
    return max(float(np.abs(many[name] - factor * base[name]).max()) for name in base)


def _adding(net: Net, run: Run, first: np.ndarray, second: np.ndarray) -> float:
    both, a, b = (net.backward(run, d) for d in (first + second, first, second))
    positive = replace(net, W_hh=np.abs(net.W_hh))  # the same pass over absolute values: what the bound is relative to
    absolute = positive.backward(replace(run, x=np.abs(run.x), h=np.abs(run.h)), np.abs(first) + np.abs(second))
    return max(rounding.off(both[name] - (a[name] + b[name]), absolute[name]) for name in both)


def judge(checks: dict[str, list[Linearity]]) -> Finding:
    """The verdict on what was measured."""
    numbers: list[Number] = []
    units = {name: columns(found) for name, found in checks.items()}
    for name, found in units.items():
        departure = [forward[DOUBLINGS.index(1)] for forward in found["forward"]]
        twice = f"doubling the output errors doubles every derivative of a {name} net to the last bit"
        added = f"the derivatives of a sum are the sum of the derivatives of a {name} net"
        short = f"doubling the inputs does not double what they do to the states of a {name} net"
        numbers += [
            theorem(
                over_seeds(f"{name}: backward, doubling, largest difference", found["doubling"], "", twice, at_most=0)
            ),
            theorem(over_seeds(f"{name}: backward, adding, error", found["adding"], _SUM, added, at_most=_BOUND)),
            over_seeds(f"{name}: forward, inputs doubled, departure", departure, _EFFECT, short, above=_BOUND),
        ]
    doubling, adding = (max(number.high for number in numbers[place::3]) for place in (0, 1))
    told: dict[str, Any] = {
        "doubling": doubling,
        "adding": adding,
        "short": plain.at_least(min(number.low for number in numbers[2::3])),
    }
    series = {"seeds": len(departure), "doublings": DOUBLINGS, **units}
    return conclude(CLAIM, numbers, series, first=DOUBLINGS[0], last=DOUBLINGS[-1], **told)
