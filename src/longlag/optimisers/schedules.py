"""Numbers that change with the update count t = 0, 1, ...; none depends on the budget."""

from __future__ import annotations

from typing import Annotated, Protocol

from longlag.ranges import BELOW_ONE, NON_NEGATIVE, Interval, part


class Schedule(Protocol):
    """The value for update t."""

    def __call__(self, t: int) -> float: ...


@part
class Constant:
    """The same value always."""

    value: Annotated[float, NON_NEGATIVE]

    def __call__(self, t: int) -> float:
        return self.value


@part
class WarmMomentum:
    """`early`, or `late` if that is less, for the first `updates`, then `late`.

    Sutskever et al. 2013, section 4: 0.9 for 1000, then mu_0.
    """

    late: Annotated[float, BELOW_ONE]
    early: Annotated[float, BELOW_ONE] = 0.9
    updates: Annotated[int, Interval(0, 10**9)] = 1000

    def __call__(self, t: int) -> float:
        return min(self.early, self.late) if t < self.updates else self.late
