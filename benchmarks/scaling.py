"""Growth of an update's cost with T, H, B and R: times over a range of each, and log-log slopes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

from benchmarks.harness import Effort, Side, Worker, compare, spread

BASE = {"cell": "tanh", "steps": 100, "batch": 100, "hidden": 100}
SMALL = BASE | {"batch": 20, "hidden": 50}  # where a step is too small to fill the processor
AXES = {
    "T": ("steps", (25, 50, 100, 200, 400, 800), BASE),
    "H": ("hidden", (25, 50, 100, 200, 400), BASE),
    "B": ("batch", (10, 20, 50, 100, 200, 400, 1000), BASE),
    "R": ("replicas", (1, 2, 5, 10, 20), SMALL),
}


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds of an update at one size of one axis."""

    axis: str
    size: int
    ours_ms: float
    peer_ms: float


@dataclass(frozen=True)
class Slope:
    """cost ~ size^slope by least squares on the logarithms; worst: the largest factor between fit and cost."""

    axis: str
    side: str
    slope: float
    worst: float


def costs(workers: Mapping[str, Worker], effort: Effort) -> Iterator[Cost]:
    """Ours and nn.RNN, both with our environment, in turns."""
    for axis, (name, sizes, base) in AXES.items():
        for size in sizes:
            kwargs = base | {name: size}
            ours, peer = Side("updates:ours", kwargs), Side("updates:torch_module", kwargs)
            times = compare(workers, ours, peer, ("ours",), effort)
            yield Cost(axis, size, 1e3 * spread(times.ours)[0], 1e3 * spread(times.peer["ours"])[0])


def slopes(found: list[Cost]) -> list[Slope]:
    """A slope per axis and side."""
    return [
        fit(axis, side, [(c.size, getattr(c, f"{side}_ms")) for c in found if c.axis == axis])
        for axis in dict.fromkeys(c.axis for c in found)
        for side in ("ours", "peer")
    ]


def fit(axis: str, side: str, points: list[tuple[int, float]]) -> Slope:
    """Least squares of log cost on log size."""
    x, y = [math.log(size) for size, _ in points], [math.log(cost) for _, cost in points]
    mean_x, mean_y = fmean(x), fmean(y)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum((a - mean_x) ** 2 for a in x)
    worst = max(abs(b - mean_y - slope * (a - mean_x)) for a, b in zip(x, y, strict=True))
    return Slope(axis, side, slope, math.exp(worst))
