"""The memory of training jobs, as `python -m benchmarks.footprint` measured it. No torch, no pandas."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from longlag.errors import LonglagError

Footprint = tuple[str, str, int, float]  # method, task, lag, megabytes


def read(path: str | Path) -> list[Footprint]:
    """Reads the memory of jobs, as `python -m benchmarks.footprint` wrote it.

    Raises:
        LonglagError: missing or damaged file.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            lines = csv.DictReader(file)
            found = [(line["method"], line["task"], int(line["lag"]), float(line["megabytes"])) for line in lines]
        for number, (_, _, lag, megabytes) in enumerate(found, start=2):
            if not (0 < lag < 2**63 and 0 < megabytes < math.inf):
                raise ValueError(f"line {number}: lag {lag} and megabytes {megabytes} are not both positive numbers")
        return found
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise LonglagError(f"cannot read {path}: {error}; python -m benchmarks.footprint writes such a file") from error


def at(points: dict[int, float], x: int) -> float:
    """The memory at lag x, in megabytes: on the line through the two nearest lags, as memory grows with the lag."""
    (a, at_a), *rest = sorted(points.items(), key=lambda point: abs(point[0] - x))
    if not rest:
        return at_a
    b, at_b = rest[0]
    return at_a + (at_b - at_a) * (x - a) / (b - a)
