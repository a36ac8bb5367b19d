"""What a claim of the lecture is, and what measuring it gives: numbers, a verdict, and series to draw.

A claim is a file `lecture/SLUG.py` with a constant `CLAIM` and a function `measure(seeds) -> Finding`. Its texts stand
in `claims.toml`. The file `figures/lecture/SLUG.py` draws the finding. The two share nothing but `Finding.to_dict()`.

The texts state a threshold and its derivation before anything is measured. `Number.met` says whether every seed met it.
`conclude` derives the verdict from the numbers and the caveat, by one rule. Claim 11 alone is judged task by task.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from functools import cache
from pathlib import Path
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

    low, high: the interval that `interval` names. threshold: what it must meet, in words such as "≤ 1e-12", or empty.
    met: whether it was met; None without a threshold.
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

    caveat: empty unless the verdict is "holds with a caveat". A failed claim may have one as well.
    """

    verdict: Verdict
    summary: str
    numbers: Sequence[Number]
    caveat: str = ""
    series: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The finding in terms of JSON. Numbers that are not finite become None; series keep six digits."""
        numbers = [to_json(asdict(number)) for number in self.numbers]
        words = {"verdict": self.verdict.value, "summary": self.summary, "numbers": numbers, "caveat": self.caveat}
        return {**words, "series": to_json(self.series, digits=6)}


@cache
def texts() -> dict[str, dict[str, str]]:
    """The texts of each claim by its slug, in the order of the lecture."""
    return tomllib.loads(Path(__file__).with_name("claims.toml").read_text("utf-8"))


def fill(slug: str, key: str, **numbers: object) -> str:
    """A text of the claim with these numbers in it, on one line."""
    return " ".join(texts()[slug][key].format(**numbers).split())


def claim(slug: str, **numbers: object) -> Claim:
    """The claim of that slug, with these numbers in its texts."""
    words = {key: fill(slug, key, **numbers) for key in ("title", "sentence", "quantity", "threshold")}
    exercise = Exercise(*(fill(slug, key, **numbers) for key in ("predict", "run", "explain")))
    return Claim(number=list(texts()).index(slug) + 1, slug=slug, exercise=exercise, **words)


def caveats(slug: str, counts: Mapping[str, float], **numbers: object) -> str:
    """The claim's texts `caveat_KEY` for every key whose count is not zero; {KEY} in a text is its count."""
    return "; ".join(fill(slug, f"caveat_{key}", **counts, **numbers) for key, count in counts.items() if count)


def values(numbers: Sequence[Number], **places: int) -> dict[str, float]:
    """The values of the numbers at these places, by the names that the summary has for them."""
    return {name: numbers[place].value for name, place in places.items()}


def verdict(numbers: Sequence[Number], caveat: str = "") -> Verdict:
    """Does not hold if a threshold was missed; otherwise holds, with a caveat if there is one."""
    if any(number.met is False for number in numbers):
        return Verdict.FAILS
    return Verdict.CAVEAT if caveat else Verdict.HOLDS


def conclude(
    claim: Claim, numbers: Sequence[Number], series: Mapping[str, Any], caveat: str = "", **measured: Any
) -> Finding:
    """The finding, with the verdict that follows from its numbers and caveat; measured: what its summary tells."""
    return Finding(verdict(numbers, caveat), fill(claim.slug, "summary", **measured), numbers, caveat, series)


_BOUNDS = {
    "at_least": ("≥", np.greater_equal),
    "above": (">", np.greater),
    "at_most": ("≤", np.less_equal),
    "below": ("<", np.less),
}


def over_seeds(name: str, values: Sequence[float] | np.ndarray, unit: str = "", **bounds: float | None) -> Number:
    """A number measured once per seed: median, smallest and largest. A bound is met if every seed meets it.

    A nan meets no bound, and no values at all count as one nan. bounds: at_most and at_least include the bound itself,
    below and above exclude it; None asks for nothing.
    """
    measured = np.asarray(values if len(values) else [math.nan], dtype=np.float64)
    asked = [(*_BOUNDS[side], bound) for side, bound in bounds.items() if bound is not None]
    words = " and ".join(f"{sign} {bound:.6g}" for sign, _, bound in asked)
    met = all(bool(holds(measured, bound).all()) for _, holds, bound in asked) if asked else None
    middle, low, high = (float(f(measured)) for f in (np.median, np.min, np.max))
    return Number(name, middle, low, high, unit, words, met)


def columns(items: Sequence[Any]) -> dict[str, list[Any]]:
    """Dataclass instances as one list per field. Of lists of instances, such as [seed][stage], lists of lists."""
    if not items:
        return {}
    if isinstance(items[0], list):
        rows = [columns(item) for item in items]
        return {name: [row[name] for row in rows] for name in rows[0]}
    return {one.name: [getattr(item, one.name) for item in items] for one in fields(items[0])}


def to_json(value: Any, digits: int = 17) -> Any:
    """Arrays and tuples as lists, numpy's numbers as Python's with that many digits, numbers not finite as None."""
    if isinstance(value, np.ndarray | np.generic):
        return to_json(value.tolist(), digits)
    if isinstance(value, Mapping):
        return {str(key): to_json(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item, digits) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    return value
