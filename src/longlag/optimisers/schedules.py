"""Numbers that change with the update count t = 0, 1, ...; none depends on the budget."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol


class Schedule(Protocol):
    """The value for update t."""

    def __call__(self, t: int) -> float: ...


@dataclass(frozen=True)
class Constant:
    """The same value always."""

    value: float

    def __call__(self, t: int) -> float:
        return self.value


@dataclass(frozen=True)
class WarmMomentum:
    """`early` for the first `updates`, then `late` (Sutskever et al. 2013, section 4: 0.9 for 1000, then mu_0)."""

    late: float
    early: float = 0.9
    updates: int = 1000

    def __call__(self, t: int) -> float:
        return min(self.early, self.late) if t < self.updates else self.late


@dataclass(frozen=True)
class RisingMomentum:
    """min(1 - 2^(-1 - log2(floor(t/every) + 1)), most) (Sutskever et al. 2013, equation 5)."""

    most: float
    every: int = 250

    def __call__(self, t: int) -> float:
        return min(1 - 2 ** (-1 - math.log2(t // self.every + 1)), self.most)
