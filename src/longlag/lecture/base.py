"""What a claim of the lecture is, and what measuring it gives: plain numbers, a verdict, and series to draw.

A claim is a file `lecture/SLUG.py` with a constant `CLAIM` and a function `measure(seeds) -> Finding`; the file
`figures/lecture/SLUG.py` draws the finding. The two meet through `Finding.to_dict()` alone: plain numbers.

A threshold is stated in the claim, with its derivation, before anything is measured; `Number.met` says whether every
seed met it, and `verdict` follows from the numbers and the caveat by one rule, but for claim 11, judged task by task.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np


class Verdict(StrEnum):
    """What a measurement says of a claim."""

    HOLDS = "holds"
    CAVEAT = "holds with a caveat"
    FAILS = "does not hold"


@dataclass(frozen=True)
class Exercise:
    """What a student does with a claim: predict an outcome, run it, explain what was seen."""

    predict: str
    run: str
    explain: str


@dataclass(frozen=True)
class Claim:
    """A claim of the lecture, before it is measured.

    number: its place in the lecture. slug: the name of its file. sentence: the claim itself.
    quantity: what is measured, with units. threshold: the number that decides, its derivation and its source.
    """

    number: int
    slug: str
    title: str
    sentence: str
    quantity: str
    threshold: str
    exercise: Exercise


@dataclass(frozen=True)
class Number:
    """A measured number and its uncertainty.

    low, high: the interval that `interval` names. threshold: what it must meet, in words such as "≤ 1e-12", empty
    where nothing is asked of it. met: whether it was met; None where nothing is asked.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str = ""
    threshold: str = ""
    met: bool | None = None
    interval: str = "range over seeds"


@dataclass(frozen=True)
class Finding:
    """What was found. series: what the figure draws, as numbers, texts, lists and dicts of them (arrays become lists).

    caveat: empty unless the verdict is "holds with a caveat" (or a failed claim has one as well).
    """

    verdict: Verdict
    summary: str
    numbers: Sequence[Number]
    caveat: str = ""
    series: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON knows it; what is not finite becomes None, and series keep six digits."""
        numbers = [plain(asdict(number)) for number in self.numbers]
        words = {"verdict": self.verdict.value, "summary": self.summary, "numbers": numbers, "caveat": self.caveat}
        return {**words, "series": plain(self.series, digits=6)}


def verdict(numbers: Sequence[Number], caveat: str = "") -> Verdict:
    """Does not hold if a threshold was missed; else holds, with a caveat if there is one."""
    if any(number.met is False for number in numbers):
        return Verdict.FAILS
    return Verdict.CAVEAT if caveat else Verdict.HOLDS


def over_seeds(
    name: str,
    values: Sequence[float] | np.ndarray,
    unit: str = "",
    at_most: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    above: float | None = None,
) -> Number:
    """A number measured once per seed: median, smallest and largest; a bound is met if every seed meets it.

    Not a number meets no bound. at_most and at_least include the bound itself, below and above do not.
    """
    measured = np.asarray(values, dtype=np.float64)
    asked: list[tuple[str, float | None, Callable[[Any, float], Any]]] = [
        ("≥", at_least, np.greater_equal),
        (">", above, np.greater),
        ("≤", at_most, np.less_equal),
        ("<", below, np.less),
    ]
    bounds = [(sign, bound, holds) for sign, bound, holds in asked if bound is not None]
    words = " and ".join(f"{sign} {bound:.6g}" for sign, bound, _ in bounds)
    met = all(bool(holds(measured, bound).all()) for _, bound, holds in bounds) if bounds else None
    middle, low, high = (float(f(measured)) for f in (np.median, np.min, np.max))
    return Number(name, middle, low, high, unit, words, met)


def plain(value: Any, digits: int = 17) -> Any:
    """Arrays and tuples to lists, numbers of numpy to Python's with so many digits, what is not finite to None."""
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist(), digits)
    if isinstance(value, Mapping):
        return {str(key): plain(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, digits) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    return value
