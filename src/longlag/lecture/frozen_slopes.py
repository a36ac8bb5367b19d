"""Claim 3: the forward pass fixes the slopes of the backward pass, which then is a linear system of its own.

Backpropagation by torch's automatic differentiation is compared with a linear system v <- v A_k that runs *forwards*,
from its first matrix to its last: A_k = (W_hh diag f'(a_t))^T with t counted from the end. Its matrices are numbers
kept from the forward pass, and nothing is squashed on the way. Another input gives other slopes, and so another linear
system.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch

from longlag.lecture.base import Finding, claim, columns, conclude
from longlag.lecture.tools import plain, rounding
from longlag.lecture.tools.nets import UNITS, Net, Unit, gaussian
from longlag.lecture.tools.numbers import Number, over_seeds, theorem
from longlag.rng import stream

HIDDEN, INPUTS, STEPS = 32, 4, 50
_ROUNDINGS = STEPS * (HIDDEN + 6)  # on the longest way from the output to the first state, slopes included
_BOUND = 2 * rounding.gamma(_ROUNDINGS)
_FUNCTION = {"logistic": torch.sigmoid, "tanh": torch.tanh}
CLAIM = claim("frozen_slopes", units=HIDDEN, steps=STEPS, roundings=_ROUNDINGS, bound=_BOUND)


@dataclass(frozen=True)
class Comparison:
    """One unit and seed. error: share of the absolute sum. moved: relative distance of the derivatives of two inputs.

    slopes [2, T, H] of the two inputs. components [3, K, H]: dL/dh_t after the first input, at every fifth step, over
    its norm there: by backpropagation, and by the linear system with the slopes of either input.
    """

    error: float
    moved: float
    slopes: np.ndarray
    components: np.ndarray


def measure(seeds: Sequence[int]) -> Finding:
    """Compares both kinds of units on two inputs."""
    return judge({unit.name: [compare(unit, seed) for seed in seeds] for unit in UNITS})


def compare(unit: Unit, seed: int) -> Comparison:
    """Two inputs through one net, and the same derivative at the last state sent back both ways."""
    rng = stream(seed, "lecture", CLAIM.slug)
    net = gaussian(rng, unit, HIDDEN, INPUTS, 1 / unit.steepest)
    inputs, d_last = rng.standard_normal((2, STEPS, INPUTS)), rng.standard_normal(HIDDEN)
    slopes = np.stack([net.run(x[:, None], np.zeros((1, HIDDEN))).slopes[:, 0] for x in inputs])
    backprop = np.stack([automatic(net, x, d_last) for x in inputs])
    system = np.stack([linear_system(net.W_hh, s, d_last) for s in slopes])
    absolute = np.stack([linear_system(np.abs(net.W_hh), s, np.abs(d_last)) for s in slopes])
    moved = float(np.linalg.norm(backprop[1, :-1] - backprop[0, :-1]) / np.linalg.norm(backprop[0, :-1]))
    shown = np.stack([backprop[0], *system])[:, ::5]
    components = shown / np.linalg.norm(shown[0], axis=-1, keepdims=True)
    return Comparison(rounding.off(backprop - system, absolute), moved, slopes, components)


def linear_system(recurrent: np.ndarray, slopes: np.ndarray, d_last: np.ndarray) -> np.ndarray:
    """dL/dh_t [T+1, H] from fixed matrices made of the slopes [T, H]: v_{k+1} = v_k A_k, from v_0 = d_last."""
    matrices = [(recurrent * slope).T for slope in slopes[::-1]]  # the system's first step is the net's last
    v = [d_last]
    for matrix in matrices:
        v.append(v[-1] @ matrix)
    return np.stack(v[::-1])


def automatic(net: Net, x: np.ndarray, d_last: np.ndarray) -> np.ndarray:
    """dL/dh_t [T+1, H] for L = d_last . h_T, by torch; x [T, X]."""
    recurrent, drive = torch.from_numpy(net.W_hh), torch.from_numpy(x @ net.W_xh + net.b_h)
    states = [torch.zeros(len(recurrent), dtype=torch.float64, requires_grad=True)]
    with torch.enable_grad():
        for step in drive:
            states.append(_FUNCTION[net.unit.name](states[-1] @ recurrent + step))
        found = torch.autograd.grad(states[-1] @ torch.from_numpy(d_last), states)
    return torch.stack(found).numpy()


def judge(found: dict[str, list[Comparison]]) -> Finding:
    """The verdict on what was measured."""
    numbers: list[Number] = []
    for name, each in found.items():
        error, moved = (columns(each)[field] for field in ("error", "moved"))
        against = f"{name}: backpropagation against the linear system"
        same = f"the linear system gives the derivatives of backpropagation through a {name} net"
        other = f"another input moves the derivatives of a {name} net"
        numbers += [
            theorem(over_seeds(against, error, "of the absolute sum", same, at_most=_BOUND)),
            over_seeds(f"{name}: derivatives moved by another input", moved, "of their norm", other, above=_BOUND),
        ]
    series = {"seeds": len(error), **{name: asdict(each[0]) for name, each in found.items()}}
    most, least = max(number.high for number in numbers[::2]), min(number.low for number in numbers[1::2])
    return conclude(CLAIM, numbers, series, error=most, moved=plain.at_least(least))
