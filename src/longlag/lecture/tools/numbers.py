"""Measured numbers of a claim: which share of nets meets a threshold, who is off the premise, which verdict follows.

One rule says what meets a threshold. A claim speaks of what usually happens: a threshold is met if most nets meet it,
so that the whole 95 % Wilson interval of their share lies above one half; it is missed if the whole interval lies
below, and undecided otherwise. More seeds decide. Where a theorem gives the bound, one counterexample refutes it. A net
that is off a claim's premise (it has not learned the task, say) is not judged; `premise` counts and names it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

import numpy as np

from longlag.shares import wilson

Net = TypeVar("Net")


class Verdict(StrEnum):
    """What a measurement says of a claim."""

    HOLDS = "holds"
    CAVEAT = "holds with a caveat"
    UNDECIDED = "undecided"
    FAILS = "does not hold"


@dataclass(frozen=True)
class Number:
    """A measured number and its uncertainty.

    low, high: the interval that `interval` names. threshold: what it must meet, in words such as "≤ 1e-12", or empty.
    met: whether it was met; None without a threshold, or where so few nets do not decide. meeting: how many of `nets`
    met it. share: the 95 % Wilson interval of their share, empty where one counterexample refutes. means: in plain
    words, what is so in a net that meets the threshold.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str = ""
    threshold: str = ""
    met: bool | None = None
    interval: str = "range over seeds"
    meeting: int = 0
    nets: int = 0
    share: tuple[float, ...] = ()
    means: str = ""

    @property
    def undecided(self) -> bool:
        """Is there a threshold of which too few nets decide?"""
        return bool(self.threshold) and self.met is None


def values(numbers: Sequence[Number], **places: int) -> dict[str, float]:
    """The values of the numbers at these places, by the names that the summary has for them."""
    return {name: numbers[place].value for name, place in places.items()}


def verdict(numbers: Sequence[Number], caveat: str = "") -> Verdict:
    """Does not hold if a threshold was missed; undecided if one is; otherwise holds, with a caveat if there is one."""
    if any(number.met is False for number in numbers):
        return Verdict.FAILS
    if any(number.undecided for number in numbers):
        return Verdict.UNDECIDED
    return Verdict.CAVEAT if caveat else Verdict.HOLDS


def joined(*said: str) -> str:
    """Caveats in one line, without the empty ones."""
    return "; ".join(filter(None, said))


def minorities(numbers: Sequence[Number]) -> str:
    """In words: how many nets miss each threshold that most nets meet."""
    few = [(n.nets - n.meeting, n) for n in numbers if n.met and n.meeting < n.nets]
    return joined(*(f"{missed} of {n.nets} nets {'misses' if missed == 1 else 'miss'} “{n.name}”" for missed, n in few))


def premise(
    nets: Sequence[Net],
    holds: Callable[[Net], bool],
    on: str,
    off: str,
    seeds: Sequence[int] = (),
    of: str = "",
) -> tuple[list[Net], Number, str]:
    """The nets of which a claim speaks, their share, and the caveat that counts and names the others by their seeds.

    on, off: what those nets did and what the others did, such as "learned the task" and "did not learn the task".
    seeds: of the nets (default: counted from 0). of: whose nets they are, where a claim has several kinds.
    """
    kept, of_nets = [holds(net) for net in nets], seeds or range(len(nets))
    judged = [net for net, keep in zip(nets, kept, strict=True) if keep]
    others = [seed for seed, keep in zip(of_nets, kept, strict=True) if not keep]
    prefix, whose = (f"{of}: ", f" of {of}") if of else ("", "")
    number = rate(f"{prefix}nets that {on}", len(judged), len(nets))
    be = "is" if len(others) == 1 else "are"
    caveat = f"{len(others)} of {len(nets)} nets{whose} ({named(others)}) {off} and {be} not judged"
    return judged, number, caveat if others else ""


def rate(name: str, k: int, nets: int) -> Number:
    """A share of nets, k of them, with its 95 % Wilson interval."""
    share = k / nets if nets else math.nan
    return Number(name, share, *interval(k, nets), "of all", interval="95 % Wilson interval")


def named(seeds: Sequence[object]) -> str:
    """Seeds in words."""
    return f"seed{'' if len(seeds) == 1 else 's'} {', '.join(map(str, seeds))}"


def interval(k: int, nets: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share, k of the nets; all of [0, 1] without any."""
    low, high = wilson(k, nets)
    return float(low), float(high)


_BOUNDS = {
    "at_least": ("≥", np.greater_equal),
    "above": (">", np.greater),
    "at_most": ("≤", np.less_equal),
    "below": ("<", np.less),
}


def over_seeds(
    name: str, values: Sequence[float] | np.ndarray, unit: str = "", means: str = "", **bounds: float | None
) -> Number:
    """A number measured once per seed: median, smallest and largest; and whether most nets meet its bounds.

    A nan meets no bound. Without any value a bound is undecided. bounds: at_most and at_least include the bound itself,
    below and above exclude it; None asks for nothing. means: what is so in a net that meets them, in plain words.
    """
    measured = np.asarray(values if len(values) else [math.nan], dtype=np.float64)
    middle, low, high = (float(f(measured)) for f in (np.median, np.min, np.max))
    asked = [(*_BOUNDS[side], bound) for side, bound in bounds.items() if bound is not None]
    if not asked:
        return Number(name, middle, low, high, unit)
    words = " and ".join(f"{sign} {bound:.6g}" for sign, _, bound in asked)
    meets = np.logical_and.reduce([holds(measured, bound) for _, holds, bound in asked])
    nets, meeting = len(values), int(meets.sum())
    share = interval(meeting, nets)
    met = most(*share)
    return Number(name, middle, low, high, unit, words, met, meeting=meeting, nets=nets, share=share, means=means)


def theorem(number: Number) -> Number:
    """The number with bounds that follow from a definition or a theorem: one net that misses them refutes the claim."""
    return replace(number, met=number.meeting == number.nets if number.nets else None, share=())


def most(low: float, high: float) -> bool | None:
    """Does the interval of a share say that most nets meet a threshold? None where it leaves it open."""
    return True if low > 0.5 else False if high < 0.5 else None
