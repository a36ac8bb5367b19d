"""What a claim of the lecture is, and what measuring it gives: numbers, a verdict, and series to draw.

A claim is a file `lecture/SLUG.py` with a constant `CLAIM` and a function `measure(seeds) -> Finding`. Its texts stand
in `claims.toml`. The file `figures/lecture/SLUG.py` draws the finding. The two share nothing but `Finding.to_dict()`.

The texts state a threshold and its derivation before anything is measured. One rule says what meets it. A claim speaks
of what usually happens: a threshold is met if most nets meet it, so that the whole 95 % Wilson interval of their share
lies above one half; it is missed if the whole interval lies below, and undecided otherwise. More seeds decide. Where a
theorem gives the bound, one counterexample refutes it. A net that is off a claim's premise (it has not learned the
task, say) is not judged; `premise` counts and names it. `conclude` derives the verdict from the numbers and caveats.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

Net = TypeVar("Net")


class Verdict(StrEnum):
    """What a measurement says of a claim."""

    HOLDS = "holds"
    CAVEAT = "holds with a caveat"
    UNDECIDED = "undecided"
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
    met: whether it was met; None without a threshold, or where so few nets do not decide. meeting: how many of `nets`
    met it. share: the 95 % Wilson interval of their share, empty where one counterexample refutes.
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

    @property
    def undecided(self) -> bool:
        """Is there a threshold of which too few nets decide?"""
        return bool(self.threshold) and self.met is None


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
    """Does not hold if a threshold was missed; undecided if one is; otherwise holds, with a caveat if there is one."""
    if any(number.met is False for number in numbers):
        return Verdict.FAILS
    if any(number.undecided for number in numbers):
        return Verdict.UNDECIDED
    return Verdict.CAVEAT if caveat else Verdict.HOLDS


def conclude(
    claim: Claim, numbers: Sequence[Number], series: Mapping[str, Any], caveat: str = "", **measured: Any
) -> Finding:
    """The finding, with the verdict that follows from its numbers and caveats; measured: what its summary says.

    The nets that miss a threshold which most meet are a caveat.
    """
    said = joined(caveat, minorities(numbers))
    return Finding(verdict(numbers, said), fill(claim.slug, "summary", **measured), numbers, said, series)


def conclude_by_case(
    claim: Claim,
    cases: Mapping[str, Sequence[Number]],
    numbers: Sequence[Number],
    series: Mapping[str, Any],
    caveat: str = "",
    **measured: Any,
) -> Finding:
    """The finding of a claim that is judged case by case, such as task by task.

    It holds if it holds in every case, with a caveat if it holds in some; the caveat names the others. numbers: all of
    them, in the order of the table.
    """
    found = {name: verdict(each) for name, each in cases.items()}
    lost = {kind: [name for name, one in found.items() if one is kind] for kind in (Verdict.FAILS, Verdict.UNDECIDED)}
    shown = [number for name, each in cases.items() if found[name] is Verdict.HOLDS for number in each]
    failed, unknown = (" and ".join(lost[kind]) for kind in lost)
    said = [failed and f"it does not hold for {failed}", unknown and f"it is undecided for {unknown}"]
    all_said = joined(*said, caveat, minorities(shown))
    if any(one is Verdict.HOLDS for one in found.values()):
        decided = Verdict.CAVEAT if all_said else Verdict.HOLDS
    else:
        decided = Verdict.UNDECIDED if unknown or not found else Verdict.FAILS
    return Finding(decided, fill(claim.slug, "summary", **measured), numbers, all_said, series)


def joined(*said: str) -> str:
    """Caveats in one line, without the empty ones."""
    return "; ".join(filter(None, said))


def minorities(numbers: Sequence[Number]) -> str:
    """In words: how many nets miss each threshold that most nets meet."""
    few = [number for number in numbers if number.met and number.meeting < number.nets]
    return joined(*(f"{n.nets - n.meeting} of {n.nets} nets miss “{n.name}”" for n in few))


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
    kept, named = [holds(net) for net in nets], seeds or range(len(nets))
    judged = [net for net, keep in zip(nets, kept, strict=True) if keep]
    others = [str(seed) for seed, keep in zip(named, kept, strict=True) if not keep]
    low, high = wilson(len(judged), len(nets))
    share = len(judged) / len(nets) if nets else math.nan
    prefix, whose = (f"{of}: ", f" of {of}") if of else ("", "")
    number = Number(f"{prefix}nets that {on}", share, low, high, "of all", interval="95 % Wilson interval")
    named_off = f"seed {others[0]}" if len(others) == 1 else f"seeds {', '.join(others)}"
    caveat = f"{len(others)} of {len(nets)} nets{whose} ({named_off}) {off} and are not judged"
    return judged, number, caveat if others else ""


def wilson(k: int, n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """The 95 % Wilson interval of a share, k of n (Wilson 1927); all of [0, 1] where n is 0."""
    if n == 0:
        return 0.0, 1.0
    middle, spread = k + z**2 / 2, z * math.sqrt(k * (n - k) / n + z**2 / 4)
    return max(0.0, (middle - spread) / (n + z**2)), min(1.0, (middle + spread) / (n + z**2))


_BOUNDS = {
    "at_least": ("≥", np.greater_equal),
    "above": (">", np.greater),
    "at_most": ("≤", np.less_equal),
    "below": ("<", np.less),
}


def over_seeds(name: str, values: Sequence[float] | np.ndarray, unit: str = "", **bounds: float | None) -> Number:
    """A number measured once per seed: median, smallest and largest; and whether most nets meet its bounds.

    A nan meets no bound. Without any value a bound is undecided. bounds: at_most and at_least include the bound itself,
    below and above exclude it; None asks for nothing.
    """
    measured = np.asarray(values if len(values) else [math.nan], dtype=np.float64)
    middle, low, high = (float(f(measured)) for f in (np.median, np.min, np.max))
    asked = [(*_BOUNDS[side], bound) for side, bound in bounds.items() if bound is not None]
    if not asked:
        return Number(name, middle, low, high, unit)
    words = " and ".join(f"{sign} {bound:.6g}" for sign, _, bound in asked)
    meets = np.logical_and.reduce([holds(measured, bound) for _, holds, bound in asked])
    nets, meeting = len(values), int(meets.sum())
    share = wilson(meeting, nets)
    return Number(name, middle, low, high, unit, words, most(*share), meeting=meeting, nets=nets, share=share)


def theorem(number: Number) -> Number:
    """The number with bounds that follow from a definition or a theorem: one net that misses them refutes the claim."""
    return replace(number, met=number.meeting == number.nets if number.nets else None, share=())


def most(low: float, high: float) -> bool | None:
    """Does the interval of a share say that most nets meet a threshold? None where it leaves it open."""
    return True if low > 0.5 else False if high < 0.5 else None


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
