"""What a claim of the lecture is, and what measuring it gives: numbers, a verdict, and series to draw.

A claim is a file `lecture/SLUG.py` with a constant `CLAIM` and a function `measure(seeds) -> Finding`. Its texts stand
in `claims.toml`. The file `figures/lecture/SLUG.py` draws the finding. The two share nothing but `Finding.to_dict()`.

The texts state a threshold and its derivation before anything is measured. `tools/numbers.py` holds the one rule that
says what meets it. `conclude` derives the verdict, and the sentence in plain words, from the numbers and caveats.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from longlag.lecture.tools import plain
from longlag.lecture.tools.numbers import Number, Verdict, joined, minorities, verdict


@dataclass(frozen=True)
class Exercise:
    """What a student does with a claim: predict an outcome, run it, explain what was seen. answer: for the teacher."""

    predict: str
    run: str
    explain: str
    answer: str


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
class Finding:
    """What was found. series: what the figure draws, as numbers, texts, lists and dicts of them (arrays become lists).

    plain: the verdict in a few short sentences for a slide. caveat: empty unless the verdict is "holds with a caveat".
    A failed claim may have one as well.
    """

    verdict: Verdict
    summary: str
    numbers: Sequence[Number]
    caveat: str = ""
    plain: str = ""
    series: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The finding in terms of JSON. Numbers that are not finite become None; series keep six digits."""
        numbers = [to_json(asdict(number)) for number in self.numbers]
        words = {"verdict": self.verdict.value, "plain": self.plain, "summary": self.summary, "caveat": self.caveat}
        return {**words, "numbers": numbers, "series": to_json(self.series, digits=6)}


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
    exercise = Exercise(*(fill(slug, key, **numbers) for key in ("predict", "run", "explain", "answer")))
    return Claim(number=list(texts()).index(slug) + 1, slug=slug, exercise=exercise, **words)


def caveats(slug: str, counts: Mapping[str, float], **numbers: object) -> str:
    """The claim's texts `caveat_KEY` for every key whose count is not zero; {KEY} in a text is its count."""
    return "; ".join(fill(slug, f"caveat_{key}", **counts, **numbers) for key, count in counts.items() if count)


def conclude(
    claim: Claim,
    numbers: Sequence[Number],
    series: Mapping[str, Any],
    caveat: str = "",
    but: str = "",
    **measured: Any,
) -> Finding:
    """The finding, with the verdict that follows from its numbers and caveats; measured: what its texts say.

    The nets that miss a threshold which most meet are a caveat. but: the caveat in few words, for the sentence.
    """
    said = joined(caveat, minorities(numbers))
    found = verdict(numbers, said)
    sentence = plain.sentence(found, numbers, fill(claim.slug, "plain", **measured), but or caveat)
    return Finding(found, fill(claim.slug, "summary", **measured), numbers, said, sentence, series)


def conclude_by_case(
    claim: Claim,
    cases: Mapping[str, Sequence[Number]],
    numbers: Sequence[Number],
    series: Mapping[str, Any],
    caveat: str = "",
    but: str = "",
    shown: Mapping[str, str] | None = None,
    why: str = "",
    **measured: Any,
) -> Finding:
    """The finding of a claim that is judged case by case, such as task by task.

    It holds if it holds in every case, with a caveat if it holds in some; the caveat names the others. It does not hold
    if every case is a no. It is undecided if no case is a yes and some are undecided: more nets may make these a yes.
    numbers: all of them, in the order of the table. shown: the numbers that the sentence in plain words has for a case.
    why: what the sentence says of a claim that is undecided, in few words.
    """
    found = {name: verdict(each) for name, each in cases.items()}
    lost = {kind: [name for name, one in found.items() if one is kind] for kind in (Verdict.FAILS, Verdict.UNDECIDED)}
    held = [number for name, each in cases.items() if found[name] is Verdict.HOLDS for number in each]
    failed, unknown = (" and ".join(lost[kind]) for kind in lost)
    said = [failed and f"it does not hold for {failed}", unknown and f"it is undecided for {unknown}"]
    all_said = joined(*said, caveat, minorities(held))
    if any(one is Verdict.HOLDS for one in found.values()):
        decided = Verdict.CAVEAT if all_said else Verdict.HOLDS
    else:
        decided = Verdict.UNDECIDED if unknown or not found else Verdict.FAILS
    known = shown or {}
    words = {f"{name} ({known[name]})" if name in known else name: one for name, one in found.items()}
    rest = (but or caveat, held) if decided is Verdict.CAVEAT else ("", [])
    since = why if decided is Verdict.UNDECIDED else ""
    fact, question = (fill(claim.slug, key, **measured) for key in ("plain", "question"))
    sentence = plain.by_case(fact, question, words, *rest, why=since)
    return Finding(decided, fill(claim.slug, "summary", **measured), numbers, all_said, sentence, series)


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
