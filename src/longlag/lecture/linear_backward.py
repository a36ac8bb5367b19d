"""Claim 2: the backward pass is linear. Doubling the derivatives at the outputs doubles every derivative.

One net, one forward pass; derivatives at the outputs are sent back as they are, doubled again and again, and added.
Then the forward pass is asked the same: its inputs are doubled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from longlag.lecture.base import Claim, Exercise, Finding, Number, over_seeds, verdict
from longlag.lecture.tools import rounding
from longlag.lecture.tools.nets import UNITS, Net, Run, Unit, gaussian
from longlag.rng import stream

HIDDEN, INPUTS, STEPS, BATCH = 32, 4, 50, 8
DOUBLINGS = (
    -20,
    -10,
    -6,
    -4,
    -2,
    -1,
    0,
    1,
    2,
    4,
    6,
    10,
    20,
)  # powers of two by which derivatives and inputs are multiplied
_ROUNDINGS = STEPS * (HIDDEN + 2) + STEPS * BATCH + 1  # on the longest way of a term into a derivative

CLAIM = Claim(
    number=2,
    slug="linear_backward",
    title="The backward pass is linear",
    sentence="The backward pass is completely linear: if you double the error derivatives at the outputs, all error "
    "derivatives double. The forward pass is not.",
    quantity="the largest difference between derivatives from 2ᵏ times the output derivatives and 2ᵏ times the "
    "derivatives, k from −20 to 20; the same for sums, as a share of the sum of absolute values; and how far states "
    "are from doubling when inputs do. Logistic and tanh nets of 32 units, 50 steps",
    threshold="Doubling: exactly 0, for multiplying by a power of two commutes with every rounding (IEEE 754, short "
    "of "
    f"underflow). Adding: at most 3γₙ with n = {_ROUNDINGS} roundings on the longest path, "
    f"{3 * rounding.gamma(_ROUNDINGS):.1e} "
    "(Higham 2002, section 3.1; two passes and the pass of the sum). The forward pass, were it linear, would obey the "
    "same bound; it must exceed it.",
    exercise=Exercise(
        predict="Multiply the output derivatives by 3 instead of 2: is the result still exact to the bit?",
        run="`longlag lecture --claim linear_backward`, then call `Net.backward` of `longlag.lecture.tools.nets` with "
        "derivatives times 3.",
        explain="A linear system has no squashing: what keeps the backward pass from exploding or dying?",
    ),
)


@dataclass(frozen=True)
class Linearity:
    """One unit and seed. doubling: largest difference, any k. adding: share of the absolute sum. forward: relative
    distance of the states at 2^k x from 2^k times the states at x, by k. back, ahead: relative sizes by k."""

    doubling: float
    adding: float
    forward: list[float]
    back: list[float]
    ahead: list[float]


def measure(seeds: Sequence[int]) -> Finding:
    """Checks both kinds of units."""
    return judge({unit.name: [check(unit, seed) for seed in seeds] for unit in UNITS})


def check(unit: Unit, seed: int) -> Linearity:
    """Doubles and adds what goes backward, doubles what goes forward."""
    rng = stream(seed, "lecture", CLAIM.slug)
    net = gaussian(rng, unit, HIDDEN, INPUTS, 1 / unit.steepest)
    x, rest = rng.standard_normal((STEPS, BATCH, INPUTS)), np.zeros((BATCH, HIDDEN))
    run = net.run(x, rest)
    first, second = rng.standard_normal((2, STEPS, BATCH, HIDDEN))
    base = net.backward(run, first)
    doubled = [net.backward(run, 2.0**k * first) for k in DOUBLINGS]
    ahead = [net.run(2.0**k * x, rest).h[1:] for k in DOUBLINGS]
    size, norm = np.linalg.norm(run.h[1:]), np.linalg.norm(base["W_hh"])
    return Linearity(
        max(_worst(many, base, 2.0**k) for k, many in zip(DOUBLINGS, doubled, strict=True)),
        _adding(net, run, first, second),
        [float(np.linalg.norm(h / 2.0**k - run.h[1:]) / size) for k, h in zip(DOUBLINGS, ahead, strict=True)],
        [float(np.linalg.norm(many["W_hh"]) / norm) for many in doubled],
        [float(np.linalg.norm(h) / size) for h in ahead],
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
    bound, twice = 3 * rounding.gamma(_ROUNDINGS), DOUBLINGS.index(1)
    numbers: list[Number] = []
    for name, found in checks.items():
        numbers += [
            over_seeds(f"{name}: backward, doubling, largest difference", [c.doubling for c in found], "", at_most=0),
            over_seeds(
                f"{name}: backward, adding, error", [c.adding for c in found], "of the absolute sum", at_most=bound
            ),
            over_seeds(
                f"{name}: forward, inputs doubled, departure", [c.forward[twice] for c in found], "", above=bound
            ),
        ]
    summary = (
        f"Multiplying output derivatives by powers of two from 2^{DOUBLINGS[0]} to 2^{DOUBLINGS[-1]} multiplies every "
        f"derivative by the same, with a largest difference of {max(n.high for n in numbers[::3]):g}; sums agree to "
        f"{max(n.high for n in numbers[1::3]):.0e}. Doubling the inputs leaves the states "
        f"{min(n.low for n in numbers[2::3]):.0%} or more short of doubling."
    )
    return Finding(verdict(numbers), summary, numbers, "", _series(checks))


def _series(checks: dict[str, list[Linearity]]) -> dict[str, Any]:
    units = {
        name: {key: [getattr(c, key) for c in found] for key in ("forward", "back", "ahead", "adding", "doubling")}
        for name, found in checks.items()
    }
    return {"seeds": len(next(iter(checks.values()))), "doublings": DOUBLINGS, **units}
