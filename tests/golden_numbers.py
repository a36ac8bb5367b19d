"""How golden numbers are compared: on any processor, and closely enough to catch a changed formula.

Numbers are computed in float64 from so few updates that rounding cannot grow. Each has a tolerance, in the file:

    tolerance = operations * eps * (magnitude + sensitivity)

operations: the longest chain of rounded operations behind the number, each wrong by eps = 2^-52 at most.
magnitude: the number itself, or the norm of the tensor that it is taken from.
sensitivity: how far the number moves per relative error of what it is computed from (`golden_runs` measures it).

A changed formula moves a number by a share of its magnitude, which is 10^6 tolerances or more. What is off by less
than ROUNDING tolerances is therefore rounding, and the message says so.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

EPS = 2.0**-52
ROUNDING = 1e3  # tolerances: beyond, a difference is a changed formula
LOOSEST = 1e-5  # of the magnitude: a number that needs more is too sensitive to be compared
UNIT_OPERATIONS = 1000  # no unit makes more dependent operations


@dataclass(frozen=True)
class Number:
    """A value with its tolerance; 0 for what must be equal (counts, texts, digests), None for what is not compared."""

    value: Any
    tolerance: float | None = 0.0


@dataclass(frozen=True)
class Difference:
    """A number that is not the golden one, and by how many tolerances."""

    name: str
    golden: Any
    found: Any
    tolerances: float


def measured(value: Any, operations: float, magnitude: float | None = None, sensitivity: float = 0.0) -> Number:
    """A real number or an array of them, with the tolerance of the module's formula."""
    array = np.asarray(value, dtype=np.float64)
    if array.size and np.isnan(array).all():
        return Number("nan")
    size = float(np.nanmax(np.abs(array), initial=0.0)) if magnitude is None else magnitude
    tolerance = operations * EPS * (size + sensitivity)
    return Number(array.tolist(), tolerance if tolerance <= LOOSEST * size else None)


def unit(value: Any) -> Number:
    """A number of a unit: exact if it is a count, a text or a truth, else to UNIT_OPERATIONS roundings."""
    if isinstance(value, torch.Tensor):
        value = value.numpy()
    if isinstance(value, np.ndarray | list | tuple) and np.asarray(value).dtype.kind in "bi":
        return Number(np.asarray(value).tolist())
    if isinstance(value, bool | int | str):
        return Number(value)
    return measured(value, UNIT_OPERATIONS)


def probe(size: int) -> np.ndarray:
    """A fixed unit vector that is exact everywhere: its inner product sees signs and permutations."""
    return (vector := fixed(size)) / np.linalg.norm(vector)


def fixed(*shape: int) -> np.ndarray:
    """Numbers in [-0.5, 0.5) that look random and have the same bits everywhere."""
    k = np.arange(1, math.prod(shape) + 1)
    return ((k * k * 7919 + 31 * k) % 1009 / 1009 - 0.5).reshape(shape)


def differences(found: Mapping[str, Number], golden: Mapping[str, list]) -> list[Difference]:
    """What is not within the tolerance of the file, the farthest first."""
    out = []
    for name in {**golden, **found}:
        wanted, tolerance = golden.get(name, (None, 0.0))
        value = found[name].value if name in found else None
        off = _tolerances(value, wanted, tolerance)
        if not off <= 1:
            out.append(Difference(name, wanted, value, off))
    return sorted(out, key=lambda difference: -difference.tolerances)


def farthest(found: Mapping[str, Number], golden: Mapping[str, list]) -> float:
    """The largest deviation in tolerances."""
    return max(_tolerances(number.value, *golden.get(name, (None, 0.0))) for name, number in found.items())


def _tolerances(found: Any, golden: Any, tolerance: float | None) -> float:
    if found == golden or tolerance is None:
        return 0.0
    if tolerance == 0 or found is None or golden is None or np.shape(found) != np.shape(golden):
        return math.inf
    one, other = np.asarray(found, dtype=np.float64), np.asarray(golden, dtype=np.float64)
    off = np.where(one == other, 0.0, np.abs(one - other))
    off[np.isnan(one) & np.isnan(other)] = 0.0
    worst = float(np.max(off))
    return math.inf if math.isnan(worst) else worst / tolerance


def message(entry: str, remedy: str, found: list[Difference]) -> str:
    """What the differences of an entry mean, and what to do."""
    worst = found[0]
    numbers = f"{worst.name} is {worst.found}, was {worst.golden} ({worst.tolerances:.3g} tolerances)"
    if worst.tolerances <= ROUNDING:
        return (
            f"rounding of another processor: {entry} is off by {worst.tolerances:.3g} tolerances, where a changed "
            f"formula is off by more than {ROUNDING:.0f}. The tolerance is too small: report it, with the processor "
            f"({platform.machine()}) and the output of `python -m threadpoolctl -i numpy torch`. {numbers}"
        )
    return f"numbers of {entry} changed: {remedy}, then `python tests/test_golden.py`. {numbers}; {len(found)} in all"
