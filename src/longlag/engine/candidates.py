"""The candidates of a search: quasi-random points of the space that a method declares. Number 0 is its recipe.

The points are those of a Sobol sequence (Sobol 1967) without its first, log-uniform in each declared range. They depend
on the space alone: not on the task, the lag or the number of candidates, and candidate 7 of 8 is candidate 7 of 16.
Settings have four significant digits, so that every machine draws the same ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from longlag.errors import LonglagError
from longlag.methods.base import Method, Parts, Range
from longlag.settings import value_at

_DIGITS = 4  # significant, of every setting: the last bits of a power differ between processors
_EDGE_SHARE = 0.1  # of a range on a logarithmic scale, at each end


def points(method: Method, n: int) -> list[dict[str, float]]:
    """The first n points of the declared space, by setting.

    Raises:
        LonglagError: the method declares no space.
    """
    if not method.tune:
        raise LonglagError(f"method {method.name!r} declares no search space; give its METHOD a `tune`")
    drawn = torch.quasirandom.SobolEngine(len(method.tune)).draw(n + 1)[1:]  # the first point is a corner
    return [
        {path: _value(space, float(u)) for (path, space), u in zip(method.tune.items(), point, strict=True)}
        for point in drawn
    ]


def _value(space: Range, u: float) -> float:
    value = float(f"{space.low * (space.high / space.low) ** u:.{_DIGITS}g}")
    return min(max(value, space.low), space.high)


def settings(method: Method, number: int, parts: Parts) -> dict[str, float]:
    """What a candidate changes of the parts that the method builds for a task; {} for number 0, the recipe.

    Settings that these parts do not have are left out: another task may get other parts. Whole numbers are rounded.

    Raises:
        LonglagError: the method declares no space.
    """
    if number == 0:
        return {}
    point = points(method, number)[-1]
    return {
        path: round(point[path]) if isinstance(value_at(parts, path), int) else point[path]
        for path in method.space(parts)
    }


def at_edge(method: Method, values: Mapping[str, float]) -> list[str]:
    """The settings that lie in the outer tenth of their declared range, on a logarithmic scale, at either end."""
    return [path for path, value in values.items() if path in method.tune and _near_end(method.tune[path], value)]


def _near_end(space: Range, value: float) -> bool:
    position = math.log(value / space.low) / math.log(space.high / space.low)
    return not _EDGE_SHARE <= position <= 1 - _EDGE_SHARE
