"""The candidates of a search: quasi-random points of the space that a method declares. Number 0 is its recipe.

The points are those of a Sobol sequence (Sobol 1967) without its first, log-uniform in each declared range. They depend
on the space alone: not on the task, the lag or the number of candidates, and candidate 7 of 8 is candidate 7 of 16.
Settings have four significant digits, so that every machine draws the same ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from longlag import protocol, registry
from longlag.errors import LonglagError
from longlag.methods.base import Method, Parts, Range
from longlag.settings import value_at

_DIGITS = 4  # significant, of every setting: the last bits of a power differ between processors
_EDGE, _SIDE = 0.1, 0.25  # shares of a range on a logarithmic scale, at each end


def points(method: Method, n: int) -> list[dict[str, float]]:
    """The first n points of the declared space, by setting.

    Raises:
        LonglagError: the method declares no space; or more points than a search may have.
    """
    if n > protocol.MAX_CANDIDATES:
        raise LonglagError(f"candidate {n} cannot be: a search has at most {protocol.MAX_CANDIDATES:,}")
    if not method.tune:
        ours = method.name in registry.FOLDERS["methods"].names()
        remedy = f"these do: {', '.join(registry.tunable())}" if ours else "give its METHOD a `tune`"
        raise LonglagError(f"method {method.name!r} declares no search space; {remedy}")
    drawn = torch.quasirandom.SobolEngine(len(method.tune)).draw(n + 1, dtype=torch.float32)
    return [
        {path: _value(space, float(u)) for (path, space), u in zip(method.tune.items(), point, strict=True)}
        for point in drawn[1:]  # the first is a corner
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
    return {path: as_setting(parts, path, point[path]) for path in method.space(parts)}


def as_setting(parts: Parts, path: str, value: float) -> float:
    """A value of a range as these parts take it: whole numbers are rounded."""
    return round(value) if isinstance(value_at(parts, path), int) else value


def at_edge(method: Method, best: Mapping[str, float], second: Mapping[str, float]) -> list[str]:
    """The settings whose best value lies in the outer tenth of the declared range, and whose second best in the outer
    quarter at the same end; on a logarithmic scale. best, second: values, as `space.values` finds them.

    One candidate alone says little: of five columns of three settings, three lie in an outer tenth by chance.
    """
    both = [path for path in method.tune if path in best and path in second]
    return [path for path in both if _near_one_end(*(_position(method.tune[path], at[path]) for at in (best, second)))]


def _position(space: Range, value: float) -> float:
    """Where in its range: 0 at the low end, 1 at the high one. A recipe may lie outside."""
    if value <= 0:
        return -math.inf
    return math.log(value / space.low) / math.log(space.high / space.low)


def _near_one_end(best: float, second: float) -> bool:
    low = best < _EDGE and second < _SIDE
    return low or (best > 1 - _EDGE and second > 1 - _SIDE)
